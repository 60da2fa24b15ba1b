import type { ChildResult } from './child.ts';
import { jobQuantities, median } from './quantities.ts';
import type { Measured } from './report.ts';

/**
 * Markdown: the script as published, run on `rows` rows, beside Graft's whole job on `fullRows`. Every row is
 * padded to the same length, so training and evaluation are scaled by the rows; start-up is not.
 */
export function asPublishedText(
  published: ChildResult,
  rows: number,
  fullRows: number,
  job: Measured,
): string {
  const scale = fullRows / rows;
  const [whole, training, evaluation, memory] = jobQuantities.map(
    (quantity) => quantity.of(published) ?? NaN,
  );
  const startUp = whole! - training! - evaluation!;
  const scaled = startUp + (training! + evaluation!) * scale;
  const graft = median(job.pairs.map((pair) => pair.graft.wholeSeconds));
  const how =
    scale === 1 ? 'one run' : `one run of ${rows} + ${rows} rows, scaled to ${fullRows} + ${fullRows}`;
  return (
    `As published, fp32, padded to 512 tokens (${how}): training ${(training! * scale).toFixed(0)} s, ` +
    `evaluation ${(evaluation! * scale).toFixed(0)} s, whole job ${scaled.toFixed(0)} s, ` +
    `${memory!.toFixed(0)} MB. Graft's median, ${job.title.includes('bf16') ? 'bf16' : 'fp32'}: ` +
    `${(scaled / graft).toFixed(1)} times as fast.`
  );
}
