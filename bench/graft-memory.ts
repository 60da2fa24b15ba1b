/** Resident memory over 2,000 training steps on texts of all lengths. Prints a line every 250 steps. */
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readExamples } from '../src/main/engine/data/examples.ts';
import { openBaseModel } from '../src/main/engine/models/base-model.ts';
import { planAdapter } from '../src/main/engine/peft/adapter.ts';
import { loadTokenizer } from '../src/main/engine/tokenizer/load-tokenizer.ts';
import { encodeExamples } from '../src/main/engine/training/prepare-data.ts';
import { epochBatches } from '../src/main/engine/training/sampler.ts';
import { Stepper } from '../src/main/engine/training/stepper.ts';
import { lossTargets, singleLabel } from '../src/main/engine/tasks/single-label.ts';
import { loadTensorFlow } from '../src/main/engine/runtime/tensorflow.ts';
import { precisions } from '../src/shared/settings/training.ts';

const optionsSchema = z.object({
  model: z.string(),
  data: z.string(),
  'max-length': z.coerce.number().int().positive().default(128),
  steps: z.coerce.number().int().positive().default(2000),
  precision: z.enum(precisions).default('fp32'),
});
const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { model: text, data: text, 'max-length': text, steps: text, precision: text },
});
const options = optionsSchema.parse(values);

loadTensorFlow(options.precision);
const { examples } = await readExamples(options.data);
const { texts } = await encodeExamples(
  examples,
  await loadTokenizer(options.model),
  options['max-length'],
  'longest',
);
const base = await openBaseModel(options.model, { head: 'sequence', labelNames: ['0', '1'] });
const adapter = { peft_type: 'LORA', task_type: 'SEQ_CLS', r: 16, lora_alpha: 32, lora_dropout: 0.05 };
const stepper = await Stepper.open({
  task: singleLabel,
  base,
  plan: planAdapter(base, { ...adapter, target_modules: ['query', 'value'] }, 'adapter'),
  seed: 42,
  precision: options.precision,
  attention: { kind: 'grouped', groups: 4 },
  optimizer: { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 1, weightDecay: 0 },
  accumulate: false,
});
await base.close();
const lengths = texts.map(({ inputIds }) => inputIds.length);
const megabytes = (): number => process.memoryUsage.rss() / 2 ** 20;
let step = 0;
let early = 0;
for (let epoch = 0; step < options.steps; epoch++) {
  for (const batch of epochBatches(lengths, 'random', 8, 42, epoch)) {
    if (++step > options.steps) break;
    const targets = lossTargets(
      batch.map((row) => row % 2),
      2,
      0,
      null,
      batch.length,
    );
    stepper.step([{ texts: batch.map((row) => texts[row]!), targets }], 1e-5, step);
    if (step === 50) early = megabytes();
    if (step === 50 || step % 250 === 0) console.log(JSON.stringify({ step, rss_mb: megabytes() }));
    await new Promise(setImmediate);
  }
}
console.log(JSON.stringify({ growth: megabytes() / early - 1 }));
stepper.close();
