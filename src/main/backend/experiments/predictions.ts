import type { OutputOf, ParsedInputOf } from '../../../shared/contract.ts';
import { pageOfAnswers } from '../../storage/answers.ts';
import { openReadOnly } from '../../storage/database.ts';
import { emptyRow, foundTexts, type TextSource } from './run-texts.ts';

export interface PredictionQuery {
  database: string;
  query: ParsedInputOf<'experiments/predictions'>;
  texts: TextSource | null;
}
export type PredictionPage = OutputOf<'experiments/predictions'>;

/** A page of an experiment's answers with the texts of their rows. Runs in a thread. Throws `store/…`. */
export async function readPredictions({ database, query, texts }: PredictionQuery): Promise<PredictionPage> {
  const db = openReadOnly(database);
  try {
    const { total, items } = pageOfAnswers(db, query);
    const found = await foundTexts(
      texts,
      items.map(({ row }) => row),
    );
    return {
      total,
      items: items.map(({ row, ...shown }) => ({
        row: found.get(row) ?? emptyRow(row, shown.expected),
        ...shown,
      })),
    };
  } finally {
    db.close();
  }
}
