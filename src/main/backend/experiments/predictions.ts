import path from 'node:path';
import { existsSync } from 'node:fs';
import type { OutputOf, ParsedInputOf } from '../../../shared/contract.ts';
import type { DatasetRow } from '../../../shared/contract/datasets.ts';
import { exampleOptions, readNumberedExamples, type ExampleOptions } from '../../engine/data/examples.ts';
import { schemaOf } from '../../../shared/settings/setting.ts';
import { dataSettings } from '../../../shared/settings/train-config.ts';
import { openReadOnly } from '../../storage/database.ts';
import { ResultStore } from '../../storage/experiment-results.ts';
import { versionWork } from '../../storage/versions/version-file.ts';

export interface PredictionQuery {
  database: string;
  query: ParsedInputOf<'experiments/predictions'>;
  labels: readonly string[];
  /** Where the rows' texts are: a data set version, or the files of a run from the command line; else nowhere. */
  texts: { kind: 'version'; file: string } | { kind: 'file'; file: string; options: ExampleOptions } | null;
}
export type PredictionPage = OutputOf<'experiments/predictions'>;

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
    const { expected, predicted } = query;
    const page = { ...query, expected: place(expected), predicted: place(predicted) };
    const { total, found } = new ResultStore(db).predictions(page);
    const rows = await rowsOf(
      texts,
      found.map(({ row }) => row),
    );
    return {
      total,
      items: found.map(({ row, expected, predicted, score, expectedScore }) => ({
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
  return versionWork(texts.file, (version) => {
    const there = rows.filter((row) => row >= 1 && row <= version.rows);
    return new Map(version.read(there).map((found) => [found.row, found]));
  });
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
