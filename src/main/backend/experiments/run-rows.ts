import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { selectRows, type RowSelection } from '../../engine/data/selection.ts';
import { writeFileAtomic } from '../../engine/formats/atomic.ts';
import { openReadOnly, type Db } from '../../storage/database.ts';

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

const rowSchema = z.object({
  row: z.number(),
  text: z.string(),
  text_pair: z.string().nullable(),
  label: z.string(),
});

/**
 * Writes train.jsonl and eval.jsonl into a run's folder: the labelled rows of a split, or those chosen of them, with
 * `text`, `text_pair` where the data has pairs, `label` and `row`, the place in the version. Throws
 * `experiments/no-split`, `data/select-count`, `files/…` and `store/…`.
 */
export async function writeRunRows(task: RowsTask): Promise<WrittenRows> {
  const db = openReadOnly(task.file);
  try {
    const pairs =
      db.prepare('SELECT EXISTS (SELECT 1 FROM rows WHERE text_pair IS NOT NULL)').pluck().get() === 1;
    const write = async (part: RowsPart, name: string): Promise<number> => {
      const rows = chosenRows(db, task, part);
      await writeFileAtomic(path.join(task.folder, name), jsonLines(db, rows, pairs));
      return rows.length;
    };
    return {
      train: await write(task.train, 'train.jsonl'),
      eval: task.eval ? await write(task.eval, 'eval.jsonl') : 0,
      pairs,
    };
  } finally {
    db.close();
  }
}

function chosenRows(db: Db, { dataName }: RowsTask, { split, select }: RowsPart): number[] {
  const place = split === null ? null : splitPlace(db, split, dataName);
  const rows = db
    .prepare<[{ split: number | null }], number>(
      'SELECT row FROM rows WHERE label IS NOT NULL AND (@split IS NULL OR split = @split) ORDER BY row',
    )
    .pluck()
    .all({ split: place });
  if (!select) return rows;
  const of = split === null ? dataName : `split "${split}" of ${dataName}`;
  return Array.from(selectRows(rows.length, select, of), (at) => rows[at]!);
}

function splitPlace(db: Db, split: string, data: string): number {
  const find = db.prepare<[string], number>('SELECT place FROM splits WHERE name = ?').pluck();
  const place = find.get(split);
  if (place !== undefined) return place;
  const known = db.prepare<[], string>('SELECT name FROM splits ORDER BY place').pluck().all();
  throw fault('experiments/no-split', { split, known, data });
}

function* jsonLines(db: Db, rows: readonly number[], pairs: boolean): Generator<Uint8Array> {
  const read = db.prepare(
    'SELECT row, text, text_pair, l.name AS label FROM rows JOIN labels l ON l.place = rows.label WHERE row = ?',
  );
  const AT_ONCE = 1000;
  for (let from = 0; from < rows.length; from += AT_ONCE) {
    const lines = rows.slice(from, from + AT_ONCE).map((place) => {
      const { row, text, text_pair, label } = rowSchema.parse(read.get(place));
      return `${JSON.stringify({ row, text, ...(pairs ? { text_pair: text_pair ?? '' } : {}), label })}\n`;
    });
    yield Buffer.from(lines.join(''));
  }
}
