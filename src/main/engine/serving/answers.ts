import { argmax, softmax } from '../metrics/probabilities.ts';

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
