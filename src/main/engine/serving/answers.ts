import { argmax, softmax } from '../../../shared/statistics/probabilities.ts';
import type { Prediction } from './predict-request.ts';

/** An answer to one text. */
export interface TextAnswer {
  label: string;
  /** The label's probability. */
  score: number;
  /** In the order of the labels. */
  probabilities: number[];
}

/** Logits [texts, labels] as an answer a text. */
export function textAnswers(logits: Float32Array, labels: readonly string[]): TextAnswer[] {
  const width = labels.length;
  const all = softmax(logits, width);
  return Array.from(argmax(logits, width), (best, i) => {
    const probabilities = [...all.subarray(i * width, (i + 1) * width)];
    return { label: labels[best]!, score: probabilities[best]!, probabilities };
  });
}

/** An answer as it is given by HTTP. `cut`: the text was longer than the model reads. */
export const prediction = (
  { label, score, probabilities }: TextAnswer,
  labels: readonly string[],
  cut: boolean,
): Prediction => ({
  label,
  score,
  scores: Object.fromEntries(labels.map((name, i) => [name, probabilities[i]!])),
  cut,
});
