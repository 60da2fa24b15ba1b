/** Times Graft's training steps on full rows, as bench/reference/step.py does PyTorch's. Prints one JSON line. */
import { parseArgs } from 'node:util';
import { z } from 'zod';

const optionsSchema = z.object({
  model: z.string(),
  length: z.coerce.number().int().positive(),
  'batch-size': z.coerce.number().int().positive().default(8),
  steps: z.coerce.number().int().positive().default(10),
  'warm-up': z.coerce.number().int().nonnegative().default(2),
  precision: z.enum(['fp32', 'bf16']).default('fp32'),
});
type Options = z.infer<typeof optionsSchema>;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { model: text, length: text, 'batch-size': text, steps: text, 'warm-up': text, precision: text },
});
const seconds = await secondsPerStep(optionsSchema.parse(values));
const peak_memory_mb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ seconds_per_step: seconds, peak_memory_mb }));

/**
 * Seconds of each of `steps` training steps (forward, backward, clipping at 1.0, AdamW at lr 5e-5) after `warm-up`
 * unmeasured ones: random token ids, LoRA r=16 alpha=32 dropout 0.05 on query and value, two labels, the model's
 * own dropout.
 */
function secondsPerStep(options: Options): Promise<number[]> {
  throw new Error(`graft-step: the training step is not connected yet (${options.model}).`);
}
