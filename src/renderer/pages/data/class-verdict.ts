import { count, percent } from '../../format.ts';

/** What the balance of the classes means for judging a model, in a sentence or two. */
export function classVerdict(labels: readonly { name: string; rows: number }[], rows: number): string {
  const sorted = [...labels].sort((a, b) => b.rows - a.rows);
  const [largest, smallest] = [sorted[0], sorted.at(-1)];
  if (!largest || !smallest || rows === 0) return 'There are no labels.';
  if (labels.length === 1) return 'There is one class only: nothing to tell apart.';
  const [most, least] = [largest.rows / rows, smallest.rows / rows];
  const even = 1 / labels.length;
  if (most < even * 1.3 && least > even * 0.7)
    return even < 0.01
      ? `Classes are balanced (${count(smallest.rows)} to ${count(largest.rows)} rows each).`
      : `Classes are balanced (${percent(least)} to ${percent(most)}).`;
  const majority = `The majority class ${largest.name} is ${percent(most)} of the rows`;
  return most > 0.6 ? `${majority}: judge by macro F1 or MCC, not by accuracy alone.` : `${majority}.`;
}
