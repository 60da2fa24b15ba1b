import { constants } from 'node:fs';
import { chmod, copyFile, stat } from 'node:fs/promises';
import type { ImportReading } from '../../../../shared/contract/datasets.ts';
import { syncFile } from '../../../engine/formats/atomic.ts';
import { digest } from '../../../engine/hub/hash-file.ts';
import type { Tell } from '../../../engine/threads/threads.ts';
import { storeFault } from '../../../storage/database.ts';
import {
  damageOf,
  parseExtra,
  VersionFile,
  type VersionFacts,
} from '../../../storage/versions/version-file.ts';
import { editRows, VersionWriter, type Edits } from '../../../storage/versions/writer.ts';

/** A whole version file under its temporary name, with what the store has to know of it. */
export interface MadeVersion {
  file: string;
  sha256: string;
  bytes: number;
  rows: number;
  facts: VersionFacts;
}

interface VersionNames {
  labels: readonly string[];
  splits: readonly string[];
  columns: readonly string[];
  reading?: ImportReading | null;
}

/**
 * Writes a version: `fill` adds its rows and gives their names. The file is of no use where that fails. Throws
 * `store/disk-full` and what `fill` throws.
 */
export async function writeVersion(
  file: string,
  fill: (writer: VersionWriter) => VersionNames | Promise<VersionNames>,
  tell: Tell,
  pageLimit?: number,
): Promise<MadeVersion> {
  const writer = new VersionWriter(file, { pageLimit });
  try {
    const { labels, splits, columns, reading = null } = await fill(writer);
    const meta = {
      schema: '1',
      columns: JSON.stringify(columns),
      ...(reading && { reading: JSON.stringify(reading) }),
    };
    writer.finish({ labels, splits, meta }, tell);
    return await sealVersion(file, tell);
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

/** A version with other labels or splits: a copy of the file in which nothing else changes. Throws `store/disk-full`. */
export async function editVersion(
  file: string,
  target: string,
  edits: Edits,
  tell: Tell,
): Promise<MadeVersion> {
  tell('Copying the rows', 0, 0);
  try {
    await copyFile(file, target, constants.COPYFILE_FICLONE);
    await chmod(target, 0o600);
    editRows(target, edits, tell);
  } catch (error) {
    throw storeFault(target, damageOf(file, error));
  }
  return sealVersion(target, tell);
}

const TELL_ROWS = 1000;

/** A version without some rows, numbered anew; without some classes where all their rows go. Throws `store/disk-full`. */
export function filterVersion(
  version: VersionFile,
  target: string,
  { drop, dropLabels }: { drop: ReadonlySet<number>; dropLabels: ReadonlySet<number> },
  tell: Tell,
): Promise<MadeVersion> {
  const { labels, splits, rows } = version;
  const left = [...labels.keys()].filter((place) => !dropLabels.has(place));
  const places = new Map(left.map((old, place) => [old, place]));
  const fill = (writer: VersionWriter): VersionNames => {
    for (const [row, text, textPair, label, split, extra] of version.stored()) {
      if (row % TELL_ROWS === 0) tell('Copying the rows', row, rows);
      if (drop.has(row)) continue;
      const kept = label === null ? null : (places.get(label) ?? null);
      writer.add({ text, textPair, label: kept, split, extra: parseExtra(extra) });
    }
    return { labels: left.map((place) => labels[place]!), splits, columns: version.facts().columns };
  };
  return writeVersion(target, fill, tell);
}

/** Checks, syncs and hashes a written file, and makes it read-only. */
async function sealVersion(file: string, tell: Tell): Promise<MadeVersion> {
  tell('Checking the file', 0, 0);
  const version = new VersionFile(file);
  const { rows } = version;
  const facts = version.facts();
  version.close();
  await syncFile(file);
  const { size: bytes } = await stat(file);
  await chmod(file, 0o400);
  return { file, sha256: await digest({ file, kind: 'sha256' }), bytes, rows, facts };
}
