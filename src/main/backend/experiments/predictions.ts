import type { OutputOf, ParsedInputOf } from '../../../shared/contract.ts';
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
import { emptyRow, foundTexts, type TextSource } from './run-texts.ts';

export interface PredictionQuery {
  database: string;
  query: ParsedInputOf<'experiments/predictions'>;
  texts: TextSource | null;
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
    const rows = await foundTexts(
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
