import path from 'node:path';
import { afterAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { relativeDifference } from '../graph/test-support.ts';
import type * as runtime from '../runtime/tensorflow.ts';
import { planAdapter } from '../peft/adapter.ts';
import { Stepper, type MicroBatch } from '../training/stepper.ts';
import { lossTargets, singleLabel } from '../tasks/single-label.ts';
import { openBaseModel } from './base-model.ts';
import type { EncodedText } from './batch.ts';
import { Inference } from './inference.ts';
import { goldenBert, goldenTexts, noDropout, padded, randomText } from './test-support.ts';
import type { Attention } from './token-inputs.ts';

/** What the engine takes TensorFlow's device for: it chooses the kernels. */
const device = vi.hoisted(() => ({ gpu: false }));
vi.mock('../runtime/tensorflow.ts', async (original) => ({
  ...(await original<typeof runtime>()),
  usesGpu: () => device.gpu,
}));

const optimizer = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, maxGradNorm: 0, weightDecay: 0 };

interface Gradients {
  loss: number;
  /** Of every weight of the model. */
  slopes: Map<string, Float32Array>;
}

const opened = new Map<string, Promise<Stepper>>();
afterAll(async () => {
  for (const stepper of opened.values()) (await stepper).close();
});

function stepperOf(attention: Attention, precision: 'fp32' | 'bf16', model: string): Promise<Stepper> {
  const key = JSON.stringify([attention, precision, device.gpu, model]);
  const made = opened.get(key) ?? openStepper(attention, precision, model);
  opened.set(key, made);
  return made;
}

async function openStepper(
  attention: Attention,
  precision: 'fp32' | 'bf16',
  model: string,
): Promise<Stepper> {
  const base = await openBaseModel(model, { head: 'sequence', overrides: { ...noDropout, cls_dropout: 0 } });
  const plan = planAdapter(base, { peft_type: 'FULL' }, 'adapter');
  const stepper = await Stepper.open({
    task: singleLabel,
    base,
    plan,
    seed: 1,
    precision,
    attention,
    optimizer,
    accumulate: false,
  });
  await base.close();
  return stepper;
}

/** Loss and gradients of all weights; a fresh Adam's first moment is a tenth of the gradient. */
async function gradientsOf(
  batch: MicroBatch,
  attention: Attention,
  precision: 'fp32' | 'bf16' = 'fp32',
  model = goldenBert(),
): Promise<Gradients> {
  const stepper = await stepperOf(attention, precision, model);
  const start = stepper.readState();
  const { loss } = stepper.step([batch], 0, 1);
  const slopes = new Map(
    [...stepper.readState()].map(([name, { m }]) => [name, m.map((value) => 10 * value)]),
  );
  stepper.restoreState(start);
  return { loss, slopes };
}

function batchOf(texts: readonly EncodedText[], classes = 5): MicroBatch {
  const labels = texts.map((text) => text.inputIds.length % classes);
  return { texts, targets: lossTargets(labels, classes, 0.1, null, texts.length) };
}

const size = (values: Float32Array): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Deviations are relative to the largest gradient of each weight, or to a hundredth of the largest of all. */
function expectSame(found: Gradients, expected: Gradients): void {
  expect(Math.abs(found.loss - expected.loss)).toBeLessThan(1e-5);
  // Key biases, for one, move no probability: their gradients are rounding errors.
  const least = Math.max(...[...expected.slopes.values()].map(size)) / 100;
  for (const [name, slope] of expected.slopes) {
    const difference = size(slope.map((value, i) => value - found.slopes.get(name)![i]!));
    expect(difference / Math.max(size(slope), least), name).toBeLessThan(1e-4);
  }
}

const grouped = (groups: number): Attention => ({ kind: 'grouped', groups });
const sequence = (texts: number): Attention => ({ kind: 'sequence', texts });
const uneven = [3, 60, 1, 17, 5, 5, 33, 2].map((length, i) => randomText(length, i));

describe('the forms of attention', () => {
  it('give the same loss and gradients on texts of very different lengths', async () => {
    const batch = batchOf(uneven);
    const expected = await gradientsOf(batch, sequence(8));
    for (const attention of [grouped(1), grouped(4)])
      expectSame(await gradientsOf(batch, attention), expected);
  });

  it.each([
    ['one text', uneven.slice(1, 2)],
    ['one text of one token', uneven.slice(2, 3)],
    ['three texts', uneven.slice(3, 6)],
  ])('give the same for %s where they have four places', async (_, texts) => {
    const batch = batchOf(texts);
    const expected = await gradientsOf(batch, sequence(texts.length));
    for (const attention of [grouped(4), sequence(4)])
      expectSame(await gradientsOf(batch, attention), expected);
  });

  it.each([1, 4])(
    'give what they give without padding when texts come padded, in %i rectangles',
    async (groups) => {
      const batch = batchOf(uneven);
      const full = { ...batch, texts: uneven.map((text) => padded(text, 66)) };
      expectSame(await gradientsOf(full, grouped(groups)), await gradientsOf(batch, grouped(groups)));
    },
  );

  it.each(['deberta-v2-long', 'deberta-v2-own', 'modernbert-long', 'modernbert-cls'])(
    'give the same loss and gradients of %s, on texts within and beyond its buckets and windows',
    async (name) => {
      const model = path.resolve(import.meta.dirname, '../../../../fixtures/architectures', name);
      const lengths = name === 'deberta-v2-own' ? [3, 40, 1, 17] : [3, 150, 1, 70, 17, 96];
      const texts = lengths.map((length, i) => {
        const { inputIds } = randomText(length, i);
        return { inputIds: inputIds.map((id) => id % 50) };
      });
      const batch = batchOf(texts, 3);
      const expected = await gradientsOf(batch, sequence(texts.length), 'fp32', model);
      for (const attention of [grouped(1), grouped(3)])
        expectSame(await gradientsOf(batch, attention, 'fp32', model), expected);
      const { loss } = await gradientsOf(batch, grouped(3), 'bf16', model);
      expect(Math.abs(loss - expected.loss)).toBeLessThan(0.05);
    },
  );

  it('take absent token types as zeros, and depend on them', async () => {
    const texts = uneven.map(({ inputIds }) => ({ inputIds }));
    const zeros = texts.map(({ inputIds }) => ({ inputIds, tokenTypeIds: new Int32Array(inputIds.length) }));
    const plain = await gradientsOf({ ...batchOf(uneven), texts }, grouped(1));
    expect((await gradientsOf({ ...batchOf(uneven), texts: zeros }, grouped(1))).loss).toBe(plain.loss);
    expect(Math.abs((await gradientsOf(batchOf(uneven), grouped(1))).loss - plain.loss)).toBeGreaterThan(
      1e-3,
    );
  });

  it('give the same with the plain kernels that every device has', async () => {
    const batch = batchOf(uneven);
    const fused = await gradientsOf(batch, grouped(4));
    device.gpu = true;
    onTestFinished(() => void (device.gpu = false));
    expectSame(await gradientsOf(batch, grouped(4)), fused);
    const base = await openBaseModel(goldenBert(), { head: 'sequence' });
    const plain = await Inference.open(base, undefined, { head: 'sequence', precision: 'fp32' });
    const { texts, logits } = await goldenTexts();
    expect(relativeDifference(await plain.logits(texts), logits.flat())).toBeLessThan(1e-5);
    plain.close();
    await base.close();
  });

  it('stay close in bf16', async () => {
    const batch = batchOf(uneven);
    const expected = await gradientsOf(batch, grouped(4));
    const found = await gradientsOf(batch, grouped(4), 'bf16');
    expect(Math.abs(found.loss - expected.loss)).toBeLessThan(0.05);
  });
});
