import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { evaluate, type EvaluateOptions } from './evaluate.ts';
import { faultOf, temporaryFolder, textOf } from './formats/test-support.ts';
import type { JobContext, JobEvent } from './jobs.ts';
import { goldenBert } from './models/test-support.ts';
import { goldenAdapter } from './peft/test-support.ts';
import { openPredictor } from './predict.ts';

const texts = [
  'The food was great',
  'never again',
  'good',
  'slow service and cold food',
  'I loved it',
  'bad bad bad',
];
const silent: JobContext = { signal: new AbortController().signal, onEvent: () => undefined };

/** A file of these texts with labels, 1 star to 5 stars unless given. */
async function rows(labels?: readonly string[]): Promise<string> {
  const folder = await temporaryFolder();
  const lines = texts.map(
    (text, i) =>
      `${text},${labels?.[i] ?? (i === 0 ? '1 star' : `${(i % 5) + 1} stars`.replace(/^1 stars/, '1 star'))}`,
  );
  await writeFile(path.join(folder, 'eval.csv'), ['text,label', ...lines, ''].join('\n'));
  return path.join(folder, 'eval.csv');
}

const run = (data: string, options: Partial<EvaluateOptions> = {}, context = silent) =>
  evaluate(
    { model: goldenBert(), data, rows: { labelColumn: 'label' }, precision: 'fp32', ...options },
    context,
  );

/** The labels that the golden bert gives these texts. */
async function answers(adapter?: string): Promise<string[]> {
  const predictor = await openPredictor({
    model: goldenBert(),
    adapter,
    precision: 'fp32',
    head: 'sequence',
  });
  const encoded = await predictor.tokenizer.encode(
    texts.map((text) => ({ text })),
    { maxLength: 66 },
  );
  const logits = await predictor.logits(encoded);
  predictor.close();
  return texts.map((_, i) => {
    const own = logits.subarray(i * 5, (i + 1) * 5);
    return predictor.labelNames[own.indexOf(Math.max(...own))]!;
  });
}

describe('an evaluation', () => {
  it('finds a model right where the labels are its own answers, and wrong where they are not', async () => {
    const own = await answers();
    const events: JobEvent[] = [];
    const right = await run(
      await rows(own),
      {},
      { ...silent, onEvent: (event: JobEvent) => void events.push(event) },
    );
    expect(right).toMatchObject({ rows: 6, truncated: 0, metrics: { accuracy: 1 } });
    expect(events.at(-1)).toMatchObject({ type: 'progress', phase: 'evaluate', done: 6, total: 6 });
    const others = own.map((label) => (label === '1 star' ? '2 stars' : '1 star'));
    expect((await run(await rows(others))).metrics.accuracy).toBe(0);
  });

  it('takes labels as names in any case', async () => {
    const own = await answers();
    expect((await run(await rows(own.map((label) => label.toUpperCase())))).metrics.accuracy).toBe(1);
  });

  it('evaluates an adapter over its base', async () => {
    const adapter = goldenAdapter('lora-qv');
    expect((await run(await rows(await answers(adapter)), { adapter })).metrics.accuracy).toBe(1);
  });

  it('does not depend on the batch size, and counts texts that are cut', async () => {
    const data = await rows();
    const [metric, all] = [await run(data, { batchSize: 1 }), await run(data)];
    expect(metric.metrics.accuracy).toBe(all.metrics.accuracy);
    expect(metric.metrics.log_loss).toBeCloseTo(Number(all.metrics['log_loss']), 5);
    expect((await run(data, { maxLength: 4 })).truncated).toBeGreaterThan(0);
  });

  it('refuses labels that the model does not have, and columns that the file does not have', async () => {
    const labels = ['1 star', 'great', ...Array.from({ length: 4 }, () => '1 star')];
    const data = await rows(labels);
    expect(textOf(await faultOf(() => run(data)), path.dirname(data))).toMatch(
      /^Row 2 \(line 3\) of eval\.csv has the label "great"/,
    );
    expect((await faultOf(() => run(data, { rows: { labelColumn: 'stars' } }))).message).toContain('"stars"');
  });

  it('stops when asked to', async () => {
    const stop = new AbortController();
    stop.abort();
    const data = await rows();
    await expect(run(data, {}, { ...silent, signal: stop.signal })).rejects.toThrow('abort');
  });
});
