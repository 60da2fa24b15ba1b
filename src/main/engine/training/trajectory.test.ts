import { existsSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { readJsonFile } from '../formats/json.ts';
import { readModelConfig } from '../formats/model-config.ts';
import { golden } from '../formats/test-support.ts';
import { openBaseModel, type BaseModel } from '../models/base-model.ts';
import type { EncodedText } from '../models/batch.ts';
import { Inference } from '../models/inference.ts';
import { goldenArchitectures, goldenTexts } from '../models/test-support.ts';
import type { Attention } from '../models/token-inputs.ts';
import { adaptation, planAdapter, readAdapter, type Adapter } from '../peft/adapter.ts';
import { learningRateAt } from './schedule.ts';
import { Stepper, type MicroBatch } from './stepper.ts';
import { lossTargets, stepWeight, singleLabel } from '../tasks/single-label.ts';

const trajectorySchema = z.object({
  schedule: z.enum(['linear', 'cosine']),
  warmup_steps: z.number(),
  total_steps: z.number(),
  weight_decay: z.number(),
  learning_rate: z.number(),
  betas: z.tuple([z.number(), z.number()]),
  eps: z.number(),
  max_grad_norm: z.number(),
  loraplus_lr_ratio: z.number().optional(),
  steps: z.array(
    z.object({
      micro_batches: z.array(
        z.object({
          input_ids: z.array(z.array(z.number())),
          attention_mask: z.array(z.array(z.number())),
          labels: z.array(z.number()),
        }),
      ),
      loss: z.number(),
      lr: z.number(),
      grad_norm: z.number(),
    }),
  ),
});
type Trajectory = z.infer<typeof trajectorySchema>;
type GoldenBatch = Trajectory['steps'][number]['micro_batches'][number];

/** A trajectory of the golden cases, and the model that it is of. */
interface Case {
  seed: string;
  model: string;
  name: string;
}

const seeds = ['seed1', 'seed2'];
const ofBert = (name: string): Case[] =>
  seeds.map((seed) => ({ seed, model: 'bert', name: `trajectory/${name}` }));
/** This one with every layout of a batch, the others with one. */
const inDetail = ofBert('lora-linear');
const ofArchitectures = seeds.flatMap((seed) =>
  goldenArchitectures.map((model): Case => ({ seed, model, name: `tasks/seq-cls-${model}` })),
);
const ofLoraPlus = seeds.flatMap((seed) =>
  ['bert', 'deberta-v2'].map((model): Case => ({ seed, model, name: `tasks/loraplus-${model}` })),
);
const ofMethods = [...ofBert('lora-cosine-wd-warmup'), ...ofBert('dora-accum'), ...ofLoraPlus];
const others = [...ofMethods, ...ofArchitectures].filter(({ seed, name }) =>
  existsSync(path.join(golden, seed, `${name}.json`)),
);

const bases = new Map<string, Promise<BaseModel>>();
afterAll(async () => {
  for (const base of bases.values()) await (await base).close();
});

/** A model with all its dropouts off. */
async function openPlain(folder: string): Promise<BaseModel> {
  const { raw } = await readModelConfig(folder);
  const dropouts = Object.keys(raw).filter((key) => key.includes('dropout'));
  const overrides = Object.fromEntries(dropouts.map((key) => [key, 0]));
  return openBaseModel(folder, { head: 'sequence', overrides });
}

function baseOf({ seed, model }: Case): Promise<BaseModel> {
  const folder = path.join(golden, seed, 'models', model);
  const base = bases.get(folder) ?? openPlain(folder);
  bases.set(folder, base);
  return base;
}

const load = async ({ seed, name }: Case): Promise<Trajectory> =>
  trajectorySchema.parse(await readJsonFile(path.join(golden, seed, `${name}.json`)));
/** The logits of the trained adapter on the inputs of models/<name>.json. */
const finalLogits = async ({ seed, model, name }: Case): Promise<number[][]> => {
  const key = `final_logits_on_models_${model}_json_inputs`;
  const schema = z.object({ [key]: z.array(z.array(z.number())) });
  return schema.parse(await readJsonFile(path.join(golden, seed, `${name}.json`)))[key]!;
};

function microBatch(
  { input_ids: ids, attention_mask: masks, labels }: GoldenBatch,
  weight: number,
): MicroBatch {
  const texts = ids.map((row, i): EncodedText => {
    const length = masks[i]!.reduce((a, b) => a + b, 0);
    return { inputIds: Int32Array.from(row.slice(0, length)) };
  });
  return { texts, targets: lossTargets(labels, 5, 0, null, weight) };
}

interface Run {
  losses: number[];
  norms: number[];
  adapter: Adapter;
}

/** The trajectory's steps from its first adapter; `split` cuts each batch into so many micro-batches. */
async function follow(
  of: Case,
  trajectory: Trajectory,
  {
    attention,
    precision = 'fp32',
    split = 1,
  }: { attention: Attention; precision?: 'fp32' | 'bf16'; split?: number },
): Promise<Run> {
  const base = await baseOf(of);
  const start = await readAdapter(path.join(golden, of.seed, of.name, 'init'), base);
  // The configuration has a dropout that the trajectory was made without.
  const plan = planAdapter(base, { ...start.plan.config, lora_dropout: 0 }, 'adapter');
  const { loraplus_lr_ratio: ratio, learning_rate: rate } = trajectory;
  const stepper = await Stepper.open({
    task: singleLabel,
    base,
    plan,
    initial: start.values,
    seed: 42,
    precision,
    attention,
    optimizer: {
      beta1: trajectory.betas[0],
      beta2: trajectory.betas[1],
      epsilon: trajectory.eps,
      maxGradNorm: trajectory.max_grad_norm,
      weightDecay: trajectory.weight_decay,
      loraPlus: ratio === undefined ? undefined : { ratio, embedding: 1e-6 / rate },
    },
    accumulate: split > 1 || trajectory.steps.some(({ micro_batches: batches }) => batches.length > 1),
  });
  const losses: number[] = [];
  const norms: number[] = [];
  trajectory.steps.forEach(({ micro_batches: batches, lr }, i) => {
    const weight = stepWeight(
      batches.flatMap(({ labels }) => labels),
      null,
    );
    const whole = batches.map((batch) => microBatch(batch, weight));
    const micro = split === 1 ? whole : whole.flatMap((batch) => parts(batch, split));
    const { loss, norm } = stepper.step(micro, lr, i + 1);
    losses.push(loss);
    norms.push(norm);
  });
  const values = new Map([...stepper.readState()].map(([key, { p }]) => [key, p]));
  stepper.close();
  return { losses, norms, adapter: { plan, values } };
}

function parts({ texts, targets }: MicroBatch, count: number): MicroBatch[] {
  const size = Math.ceil(texts.length / count);
  return Array.from({ length: count }, (_, i) => ({
    texts: texts.slice(i * size, (i + 1) * size),
    targets: targets.slice(i * size * 5, (i + 1) * size * 5),
  }));
}

const largest = (a: readonly number[], b: readonly number[]): number => {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
};

const column = (steps: Trajectory['steps'], key: 'loss' | 'lr' | 'grad_norm'): number[] =>
  steps.map((step) => step[key]);
const grouped = (groups: number): Attention => ({ kind: 'grouped', groups });

/** Losses, gradient norms, the adapter and its answers. */
async function agrees(of: Case, options: Parameters<typeof follow>[2]): Promise<void> {
  const trajectory = await load(of);
  const { losses, norms, adapter } = await follow(of, trajectory, options);
  const { steps } = trajectory;
  expect(largest(losses, column(steps, 'loss'))).toBeLessThan(1e-4);
  expect(largest(norms, column(steps, 'grad_norm'))).toBeLessThan(1e-3);
  const base = await baseOf(of);
  const final = await readAdapter(path.join(golden, of.seed, of.name, 'final'), base);
  for (const [key, value] of final.values)
    expect(largest(Array.from(adapter.values.get(key)!), Array.from(value)), key).toBeLessThan(1e-3);
  const inference = await Inference.open(base, adaptation(base, adapter), {
    head: 'sequence',
    precision: 'fp32',
  });
  const logits = await inference.logits((await goldenTexts(of.seed, of.model)).texts);
  inference.close();
  expect(largest(Array.from(logits), (await finalLogits(of)).flat())).toBeLessThan(2e-3);
}

describe('training as Trainer and PEFT do', () => {
  it.each([...inDetail, ...others])(
    '$seed $name: the learning rates are those of the schedule',
    async (of) => {
      const { schedule, warmup_steps, total_steps, learning_rate, steps } = await load(of);
      const settings = {
        type: schedule,
        warmupSteps: warmup_steps,
        totalSteps: total_steps,
        learningRate: learning_rate,
      };
      const rates = steps.map((_, i) =>
        learningRateAt(i, { ...settings, power: 1, endRate: 0, cycles: 0.5 }),
      );
      expect(largest(rates, column(steps, 'lr'))).toBeLessThan(1e-11);
    },
  );

  describe.each(inDetail)('$seed $name, with', (of) => {
    it.each([
      ['4 rectangles', grouped(4), 1],
      ['1 rectangle', grouped(1), 1],
      ['an attention a text', { kind: 'sequence', texts: 4 }, 1],
      ['micro-batches of half the size', grouped(2), 2],
    ] as const)('%s', (_, attention, split) => agrees(of, { attention, split }));
  });

  it.each(others)('$seed $name', (of) => agrees(of, { attention: grouped(2) }));
});

const rounded = [inDetail[0]!, ...others.filter(({ seed, model }) => seed === 'seed1' && model !== 'bert')];
it.each(rounded)('bf16 follows the losses of float32 at some distance: $name', async (of) => {
  const trajectory = await load(of);
  const { losses } = await follow(of, trajectory, { attention: grouped(4), precision: 'bf16' });
  expect(largest(losses, column(trajectory.steps, 'loss'))).toBeLessThan(0.1);
});
