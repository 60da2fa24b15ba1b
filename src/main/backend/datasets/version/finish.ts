import type { ImportReading } from '../../../../shared/contract/datasets.ts';
import { openVersionFile } from './open.ts';
import { readFacts, type VersionFacts } from './facts.ts';
import { seal, type Sealed } from './seal.ts';
import type { VersionWriter } from './writer.ts';
import type { Tell } from '../../../engine/threads/threads.ts';

/** A whole version file under its temporary name, with what the store has to know of it. */
export interface MadeVersion extends Sealed {
  rows: number;
  facts: VersionFacts;
}

/** Ends the writing of a version. Throws `store/disk-full`. */
export async function finishVersion(
  writer: VersionWriter,
  file: string,
  names: {
    labels: readonly string[];
    splits: readonly string[];
    columns: readonly string[];
    reading?: ImportReading | null;
  },
  tell: Tell,
): Promise<MadeVersion> {
  const { labels, splits, columns, reading = null } = names;
  writer.finish(
    {
      labels,
      splits,
      meta: {
        schema: '1',
        columns: JSON.stringify(columns),
        ...(reading && { reading: JSON.stringify(reading) }),
      },
    },
    tell,
  );
  return sealVersion(file, tell);
}

/** Checks, syncs and hashes a written file. */
export async function sealVersion(file: string, tell: Tell): Promise<MadeVersion> {
  tell('Checking the file', 0, 0);
  const db = openVersionFile(file);
  const { rows, ...facts } = readFacts(db);
  db.close();
  return { ...(await seal(file)), rows, facts };
}
