import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { selectRows, type RowSelection } from '../../engine/data/selection.ts';
import { writeFileAtomic } from '../../engine/formats/atomic.ts';
import { versionWork, type VersionFile } from '../../storage/versions/version-file.ts';

export interface RowsPart {
  /** Null: rows of every split. */
  split: string | null;
  select: RowSelection | null;
}

export interface RowsTask {
  /** A data set version's SQLite file. */
  file: string;
  dataName: string;
  folder: string;
  train: RowsPart;
  eval: RowsPart | null;
}

export interface WrittenRows {
  train: number;
  eval: number;
  /** Whether there are second texts: then every line has `text_pair`. */
  pairs: boolean;
}

/**
 * Writes train.jsonl and eval.jsonl into a run's folder: the labelled rows of a split, or those chosen of them, with
 * `text`, `text_pair` where the data has pairs, `label` and `row`, the place in the version. Throws
 * `experiments/no-split`, `data/select-count`, `files/…` and `store/…`.
 */
export function writeRunRows(task: RowsTask): Promise<WrittenRows> {
  return versionWork(task.file, async (version) => {
    const pairs = version.hasPairs();
    const write = async (part: RowsPart, name: string): Promise<number> => {
      const rows = chosenRows(version, task, part);
      await writeFileAtomic(path.join(task.folder, name), jsonLines(version, rows, pairs));
      return rows.length;
    };
    return {
      train: await write(task.train, 'train.jsonl'),
      eval: task.eval ? await write(task.eval, 'eval.jsonl') : 0,
      pairs,
    };
  });
}

function chosenRows(
  version: VersionFile,
  { dataName: data }: RowsTask,
  { split, select }: RowsPart,
): Uint32Array {
  if (split !== null && !version.splits.includes(split))
    throw fault('experiments/no-split', { split, known: version.splits, data });
  const rows = version.labelled(split);
  if (!select) return rows;
  const of = split === null ? data : `split "${split}" of ${data}`;
  return Uint32Array.from(selectRows(rows.length, select, of), (at) => rows[at]!);
}

const ROWS_AT_ONCE = 1000;

function* jsonLines(version: VersionFile, rows: Uint32Array, pairs: boolean): Generator<Uint8Array> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const lines = version
      .read(rows.subarray(from, from + ROWS_AT_ONCE))
      .map(({ row, text, textPair, label }) =>
        JSON.stringify({ row, text, ...(pairs ? { text_pair: textPair ?? '' } : {}), label }),
      );
    yield Buffer.from(`${lines.join('\n')}\n`);
  }
}
