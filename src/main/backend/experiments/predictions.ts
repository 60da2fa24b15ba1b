import path from 'node:path';
import { existsSync } from 'node:fs';
import type { OutputOf, ParsedInputOf } from '../../../shared/contract.ts';
import type { DatasetRow } from '../../../shared/contract/datasets.ts';
import { exampleOptions, readNumberedExamples, type ExampleOptions } from '../../engine/data/examples.ts';
import { schemaOf } from '../../../shared/settings/setting.ts';
import { dataSettings } from '../../../shared/settings/train-config.ts';
import type { ShownAnswer } from '../../../shared/tasks/task.ts';
import {
  answeredTask,
  answersTo,
  countAnswers,
  eachAnswer,
  pageOfAnswers,
  type AnswerRow,
} from '../../storage/answers.ts';
import { openReadOnly, type Db } from '../../storage/database.ts';
import { readVersion } from '../../storage/datasets.ts';
import type { ExperimentRecord } from '../../storage/experiments.ts';
import { versionWork } from '../../storage/versions/version-file.ts';
import type { BackendContext } from '../context.ts';
import { versionFile } from '../datasets/presence.ts';

export interface PredictionQuery {
  database: string;
  query: ParsedInputOf<'experiments/predictions'>;
  /** Where the rows' texts are: a data set version, or the files of a run from the command line; else nowhere. */
  texts: { kind: 'version'; file: string } | { kind: 'file'; file: string; options: ExampleOptions } | null;
}
export type PredictionPage = OutputOf<'experiments/predictions'>;

/** By what rows are put in order, the largest first. */
const orders = {
  confident: ({ score }: ShownAnswer) => score,
  worst: ({ expectedScore }: ShownAnswer) => -expectedScore,
  best: ({ expectedScore }: ShownAnswer) => expectedScore,
};

/** A page of an experiment's answers with the texts of their rows. Runs in a thread. Throws `store/…`. */
export async function readPredictions({ database, query, texts }: PredictionQuery): Promise<PredictionPage> {
  const db = openReadOnly(database);
  try {
    const { task, names } = answeredTask(db, query.id);
    const { total, page } = pageOf(db, query, (kept) => task.shown(kept, names));
    const rows = await rowsOf(
      texts,
      page.map(([row]) => row),
    );
    return {
      total,
      items: page.map(([row, kept]) => {
        const shown = task.shown(kept, names);
        return { row: rows.get(row) ?? emptyRow(row, shown.expected), ...shown };
      }),
    };
  } finally {
    db.close();
  }
}

/** The store picks rows by right and wrong; by names, and in another order than theirs, each answer is looked at. */
function pageOf(
  db: Db,
  { id, only, order, expected, predicted, offset, limit }: PredictionQuery['query'],
  shownOf: (kept: Uint8Array) => ShownAnswer,
): { total: number; page: AnswerRow[] } {
  if (order === 'row' && expected === null && predicted === null)
    return { total: countAnswers(db, id, only), page: pageOfAnswers(db, id, only, offset, limit) };
  const found: { row: number; by: number }[] = [];
  for (const [row, kept] of eachAnswer(db, id, only)) {
    const shown = shownOf(kept);
    if (
      (expected !== null && shown.expected !== expected) ||
      (predicted !== null && shown.predicted !== predicted)
    )
      continue;
    found.push({ row, by: order === 'row' ? 0 : orders[order](shown) });
  }
  // A stable sort: equal ones stay in the order of their rows.
  if (order !== 'row') found.sort((a, b) => b.by - a.by);
  const rows = found.slice(offset, offset + limit).map(({ row }) => row);
  return { total: found.length, page: answersTo(db, id, rows) };
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

/** Where the texts of a run's rows are; null: nothing says it. */
export function textsOfRun(
  context: BackendContext,
  { versionId, config, details }: ExperimentRecord,
): PredictionQuery['texts'] {
  const version = versionId === null ? undefined : readVersion(context.db, versionId);
  return version
    ? { kind: 'version', file: versionFile(context, version) }
    : textsOfConfig(config, details.baseDir);
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
