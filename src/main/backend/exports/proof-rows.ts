import { writeFileAtomic } from '../../engine/formats/atomic.ts';
import { targetsOf } from '../../storage/answers.ts';
import { openReadOnly } from '../../storage/database.ts';
import { foundTexts, type TextSource } from '../experiments/run-texts.ts';

/** Answering takes a process a while: of more rows, so many are taken at even distances. */
export const MOST_ROWS = 2000;

export interface ProofRowsTask {
  database: string;
  experimentId: string;
  texts: TextSource | null;
  /** The file to write. */
  file: string;
}

export const tasks = { write: () => writeProofRows };

/**
 * Writes the evaluation rows of a run as JSON Lines with `text`, `label`, and `text_pair` where the data has pairs.
 * Runs in a thread. Resolves to how many: 0, and no file, where their texts are gone. Throws `files/…`, `store/…`.
 */
async function writeProofRows(task: ProofRowsTask): Promise<number> {
  const { database, experimentId, texts, file } = task;
  const db = openReadOnly(database);
  const answered = targetsOf(db, experimentId);
  db.close();
  const count = Math.min(MOST_ROWS, answered.length);
  const chosen = Array.from(
    { length: count },
    (_, i) => answered[Math.floor((i * answered.length) / count)]!,
  );
  const rows = await foundTexts(
    texts,
    chosen.map(({ row }) => row),
  );
  const found = chosen.flatMap(({ row, expected: label }) => {
    const text = rows.get(row);
    return text ? [{ ...text, label }] : [];
  });
  if (found.length === 0) return 0;
  const pairs = found.some(({ textPair }) => textPair !== null);
  const lines = found.map(({ text, textPair, label }) =>
    JSON.stringify({ text, ...(pairs ? { text_pair: textPair ?? '' } : {}), label }),
  );
  await writeFileAtomic(file, `${lines.join('\n')}\n`);
  return found.length;
}
