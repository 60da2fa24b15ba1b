import path from 'node:path';
import { existsSync } from 'node:fs';
import { z } from 'zod';
import type { OutputOf, ParsedInputOf } from '../../../shared/contract.ts';
import type { DatasetRow } from '../../../shared/contract/datasets.ts';
import { exampleOptions, readNumberedExamples, type ExampleOptions } from '../../engine/data/examples.ts';
import { schemaOf } from '../../../shared/settings/setting.ts';
import { dataSettings } from '../../../shared/settings/train-config.ts';
import { openReadOnly, type Db } from '../../storage/database.ts';

export interface PredictionQuery {
  database: string;
  query: ParsedInputOf<'experiments/predictions'>;
  labels: readonly string[];
  /** Where the rows' texts are: a data set version, or the files of a run from the command line; else nowhere. */
  texts: { kind: 'version'; file: string } | { kind: 'file'; file: string; options: ExampleOptions } | null;
}
export type PredictionPage = OutputOf<'experiments/predictions'>;

const orders = {
  row: 'row',
  confident: 'score DESC, row',
  worst: 'expected_score, row',
  best: 'expected_score DESC, row',
};
const only = { all: '1', wrong: 'expected <> predicted', right: 'expected = predicted' };

const predictionRow = z.object({
  row: z.number(),
  expected: z.number(),
  predicted: z.number(),
  score: z.number(),
  expected_score: z.number(),
});

/** A page of an experiment's predictions with the texts of their rows. Runs in a thread. Throws `store/…`. */
export async function readPredictions({
  database,
  query,
  labels,
  texts,
}: PredictionQuery): Promise<PredictionPage> {
  const db = openReadOnly(database);
  try {
    const place = (label: string | null): number | null => (label === null ? null : labels.indexOf(label));
    const values = { id: query.id, expected: place(query.expected), predicted: place(query.predicted) };
    const where = `experiment_id = @id AND (@expected IS NULL OR expected = @expected)
      AND (@predicted IS NULL OR predicted = @predicted)
      AND ${only[query.only]}`;
    const total = z
      .number()
      .parse(db.prepare(`SELECT count(*) FROM predictions WHERE ${where}`).pluck().get(values));
    const found = z.array(predictionRow).parse(
      db
        .prepare(
          `SELECT row, expected, predicted, score, expected_score FROM predictions WHERE ${where}
           ORDER BY ${orders[query.order]} LIMIT @limit OFFSET @offset`,
        )
        .all({ ...values, limit: query.limit, offset: query.offset }),
    );
    const rows = await rowsOf(
      texts,
      found.map(({ row }) => row),
    );
    return {
      total,
      items: found.map(({ row, expected, predicted, score, expected_score: expectedScore }) => ({
        row: rows.get(row) ?? emptyRow(row, labels[expected]!),
        expected: labels[expected]!,
        predicted: labels[predicted]!,
        score,
        expectedScore,
      })),
    };
  } finally {
    db.close();
  }
}

const emptyRow = (row: number, label: string): DatasetRow => ({
  row,
  text: '',
  textPair: null,
  label,
  split: null,
  tokens: null,
  extra: {},
});

/** Rows by their places, with their texts; those that are no longer there are left out. */
export async function rowsOf(
  texts: PredictionQuery['texts'],
  rows: number[],
): Promise<Map<number, DatasetRow>> {
  if (!texts || !existsSync(texts.file)) return new Map();
  if (texts.kind === 'file') return rowsOfFile(texts, rows);
  const db = openReadOnly(texts.file);
  try {
    return rowsOfVersion(db, rows);
  } finally {
    db.close();
  }
}

const versionRow = z.object({
  row: z.number(),
  text: z.string(),
  textPair: z.string().nullable(),
  label: z.string().nullable(),
  split: z.string().nullable(),
  extra: z.string().nullable(),
});

function rowsOfVersion(db: Db, rows: readonly number[]): Map<number, DatasetRow> {
  const read = db.prepare(
    `SELECT r.row, r.text, r.text_pair AS textPair, l.name AS label, s.name AS split, r.extra
     FROM rows r LEFT JOIN labels l ON l.place = r.label LEFT JOIN splits s ON s.place = r.split WHERE r.row = ?`,
  );
  return new Map(
    rows.flatMap((place) => {
      const found = versionRow.safeParse(read.get(place));
      if (!found.success) return [];
      const { row, text, textPair, label, split, extra } = found.data;
      const fields = z.record(z.string(), z.string()).safeParse(JSON.parse(extra ?? '{}'));
      return [
        [row, { row, text, textPair, label: label ?? '', split, tokens: null, extra: fields.data ?? {} }],
      ];
    }),
  );
}

/** Rows from 1 of a data file as the engine reads it. A file that changed since may have fewer of them. */
async function rowsOfFile(
  { file, options }: Extract<PredictionQuery['texts'], { kind: 'file' }>,
  rows: readonly number[],
): Promise<Map<number, DatasetRow>> {
  try {
    const { examples } = await readNumberedExamples(file, options, rows);
    return new Map(
      Array.from(examples, ([row, { text, textPair }]) => [
        row,
        { ...emptyRow(row, ''), text, textPair: textPair ?? null },
      ]),
    );
  } catch {
    return new Map();
  }
}

/** Where the texts of a run from the command line are. */
export function textsOfConfig(config: Record<string, unknown>, baseDir: string): PredictionQuery['texts'] {
  // Runs of before lack the settings that came since.
  const parsed = schemaOf(dataSettings).safeParse(config['data']);
  if (!parsed.success) return null;
  const { data } = parsed;
  return {
    kind: 'file',
    file: path.resolve(baseDir, data.eval ?? data.train),
    options: exampleOptions(data),
  };
}
