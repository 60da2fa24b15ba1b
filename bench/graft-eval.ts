/** Times Graft's evaluation of the reviews' test rows, as bench/reference/eval.py does PyTorch's. One JSON line. */
import { parseArgs } from 'node:util';
import { z } from 'zod';

const optionsSchema = z.object({
  model: z.string(),
  data: z.string(),
  rows: z.coerce.number().int().positive().default(1000),
  passes: z.coerce.number().int().positive().default(2),
  precision: z.enum(['fp32', 'bf16']).default('fp32'),
});
type Options = z.infer<typeof optionsSchema>;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { model: text, data: text, rows: text, passes: text, precision: text },
});
const { seconds, accuracy } = await evaluate(optionsSchema.parse(values));
const peak_memory_mb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ seconds, peak_memory_mb, accuracy }));

/**
 * Seconds of the fastest of `passes` over the rows that `shuffle(seed=42).select(range(rows))` picks of
 * electronics-reviews-test.csv, cut at 512 tokens, tokenised before, sorted by length, at most 4,096 tokens a
 * batch, after one unmeasured pass over the last (longest) batch. The head is fresh: accuracy is that of guessing.
 */
function evaluate(options: Options): Promise<{ seconds: number; accuracy: number }> {
  throw new Error(`graft-eval: the evaluation is not connected yet (${options.model}).`);
}
