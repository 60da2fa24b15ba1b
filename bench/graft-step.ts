/** Times Graft's training steps on full rows, as bench/reference/step.py does PyTorch's. Prints one JSON line. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { openBaseModel } from '../src/main/engine/models/base-model.ts';
import { planAdapter } from '../src/main/engine/peft/adapter.ts';
import { Stepper } from '../src/main/engine/training/stepper.ts';
import { lossTargets, singleLabel } from '../src/main/engine/tasks/single-label.ts';
import { Pcg64 } from '../src/shared/random/pcg64.ts';
import { loadTensorFlow } from '../src/main/engine/runtime/tensorflow.ts';
import { precisions } from '../src/shared/settings/training.ts';

const optionsSchema = z.object({
  model: z.string(),
  length: z.coerce.number().int().positive(),
  'batch-size': z.coerce.number().int().positive().default(8),
  steps: z.coerce.number().int().positive().default(10),
  'warm-up': z.coerce.number().int().nonnegative().default(2),
  precision: z.enum(precisions).default('fp32'),
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
 * unmeasured ones: random token ids, LoRA r=16 alpha=32 dropout 0.05 on query and value (what the
 * architecture calls them), two labels, the model's own dropout.
 */
async function secondsPerStep(options: Options): Promise<number[]> {
  const { model, length, 'batch-size': batchSize, steps, 'warm-up': warmUp, precision } = options;
  loadTensorFlow(precision);
  const base = await openBaseModel(model, { head: 'sequence', labelNames: ['0', '1'] });
  const adapter = {
    peft_type: 'LORA',
    task_type: 'SEQ_CLS',
    r: 16,
    lora_alpha: 32,
    lora_dropout: 0.05,
    target_modules: [...base.architecture.names.attention],
  };
  const stepper = await Stepper.open({
    task: singleLabel,
    base,
    plan: planAdapter(base, adapter, 'adapter'),
    seed: 42,
    precision,
    attention: { kind: 'grouped', groups: Math.min(4, batchSize) },
    optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1, weightDecay: 0 },
    accumulate: false,
  });
  await base.close();
  const random = new Pcg64(42);
  const below = (most: number): number => Math.floor(random.random() * most);
  const words = base.config.vocab_size;
  const least = Math.min(1000, words >> 1);
  const seconds: number[] = [];
  for (let step = 1; step <= warmUp + steps; step++) {
    const texts = Array.from({ length: batchSize }, () => ({
      inputIds: Int32Array.from({ length }, () => least + below(words - least)),
    }));
    const targets = lossTargets(
      Array.from({ length: batchSize }, () => below(2)),
      2,
      0,
      null,
      batchSize,
    );
    const start = performance.now();
    stepper.step([{ texts, targets }], 5e-5, step);
    seconds.push((performance.now() - start) / 1000);
  }
  stepper.close();
  return seconds.slice(warmUp);
}
