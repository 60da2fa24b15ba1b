import { readExamples } from '../data/examples.ts';
import { labelMap, matchLabels } from '../data/labels.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';

/** A file of rows that every export answers. */
export interface RowsFile {
  file: string;
  textColumn?: string;
  textPairColumn?: string;
  labelColumn?: string;
}

/** What a proof asks beside the fixed texts. */
export interface ProofRows {
  texts: TextInput[];
  /** Places of the true classes; null without labels, or where one of them is not the model's. */
  expected: number[] | null;
}

/** Throws what `readExamples` throws. */
export async function readProofRows(rows: RowsFile | null, labels: readonly string[]): Promise<ProofRows> {
  if (rows === null) return { texts: [], expected: null };
  const { file, ...columns } = rows;
  const { examples, classNames } = await readExamples(file, { ...columns, textOnly: true });
  const values = examples.flatMap(({ label }) => label ?? []);
  const map = matchLabels(values, labelMap(labels), { file: classNames });
  const known = examples.flatMap(({ label }) => (label === undefined ? [] : (map.idOf(label) ?? [])));
  return {
    texts: examples.map(({ text, textPair }) => (textPair === undefined ? { text } : { text, textPair })),
    expected: known.length === examples.length ? known : null,
  };
}
