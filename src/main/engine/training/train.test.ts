import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mergeAdapter } from '../export/merge.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import { goldenAdapter } from '../peft/test-support.ts';
import { openPredictor } from '../predict.ts';
import {
  adapterOf,
  experiment,
  logOf,
  lossesOf,
  project,
  run,
  stars,
  watched,
  type Given,
} from './test-support.ts';

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}

describe('a run', () => {
  it('leaves an adapter, its metrics, predictions and log, which agree with each other', async () => {
    const folder = await project();
    const { context, events } = watched();
    const result = await run(folder, { context });
    expect(result).toMatchObject({
      status: 'finished',
      steps: 18,
      newly_initialized: ['classifier.weight', 'classifier.bias'],
    });
    const out = path.join(folder, 'out');
    expect((await readdir(out)).sort()).toEqual([
      'adapter_config.json',
      'adapter_model.safetensors',
      'config.json',
      'events.jsonl',
      'metrics.json',
      'predictions.jsonl',
    ]);
    const predictions = (await readFile(path.join(out, 'predictions.jsonl'), 'utf8')).trimEnd().split('\n');
    const schema = z.object({
      row: z.number(),
      label: z.string(),
      expected: z.string(),
      score: z.number(),
      logits: z.array(z.number()),
    });
    const answers = predictions.map((line) => schema.parse(JSON.parse(line)));
    expect(answers.map(({ row }) => row)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(answers.map(({ expected }) => expected)).toEqual(answers.map((_, i) => ['spam', 'ham'][i % 2]));
    const right = answers.filter(({ label, expected }) => label === expected).length;
    expect(result.metrics).toMatchObject({ accuracy: right / 9 });
    expect(JSON.parse(await readFile(path.join(out, 'metrics.json'), 'utf8'))).toMatchObject({
      steps: 18,
      metrics: { accuracy: right / 9 },
    });

    const predictor = await openPredictor({
      model: experiment.model,
      adapter: out,
      precision: 'fp32',
      head: 'sequence',
    });
    expect(predictor.labelNames).toEqual(['ham', 'spam']);
    const rows = (await readFile(path.join(folder, 'eval.csv'), 'utf8')).trimEnd().split('\n').slice(1);
    const encoded = await predictor.tokenizer.encode(
      rows.map((row) => ({ text: row.split(',')[0]! })),
      { maxLength: 66 },
    );
    const logits = await predictor.logits(encoded);
    predictor.close();
    expect(
      largestDifference(
        Array.from(logits),
        answers.flatMap((answer) => answer.logits),
      ),
    ).toBeLessThan(1e-5);

    const log = await logOf(folder);
    expect(log.filter(({ type }) => type === 'step').map(({ step }) => step)).toEqual(
      Array.from({ length: 18 }, (_, i) => i + 1),
    );
    expect(log.at(-1)).toMatchObject({ type: 'evaluation', step: 18, metrics: { accuracy: right / 9 } });
    expect(events.filter(({ type }) => type === 'step')).toHaveLength(18);
    expect(
      events.some((event) => event.type === 'note' && event.message.startsWith('trainable params: ')),
    ).toBe(true);
  });

  it('gives the same bits for the same config, and others for another seed', async () => {
    const folder = await project();
    const training = { eval_strategy: 'epoch', weight_decay: 0.01 };
    await run(folder, { training });
    await run(folder, { training, output: 'again' });
    await run(folder, { training: { ...training, seed: 7 }, output: 'other' });
    expect((await adapterOf(folder)).equals(await adapterOf(folder, 'again'))).toBe(true);
    expect(await logOf(folder)).toEqual(await logOf(folder, 'again'));
    expect((await adapterOf(folder)).equals(await adapterOf(folder, 'other'))).toBe(false);
  });

  it('learns: the loss falls on rows that it can know by heart', async () => {
    const folder = await project();
    await run(folder, {
      training: { num_train_epochs: 15, learning_rate: 1e-2 },
      adapter: { peft_type: 'FULL' },
    });
    const losses = await lossesOf(folder);
    const mean = (part: number[]): number => part.reduce((a, b) => a + b) / part.length;
    expect(mean(losses.slice(-6))).toBeLessThan(mean(losses.slice(0, 6)) * 0.5);
  });

  it('takes the same steps whatever the form of attention, padding and size of micro-batches', async () => {
    const folder = await project();
    const config = { model_overrides: { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 } };
    const adapter = { ...experiment.adapter, lora_dropout: 0 };
    const variants: Record<string, Given> = {
      multi: {},
      grid: { training: { attention: 'grid' } },
      seq: { training: { attention: 'seq' } },
      padded: { data: { padding: 'max_length' } },
      halves: { training: { per_device_train_batch_size: 2, gradient_accumulation_steps: 2 } },
    };
    for (const [output, given] of Object.entries(variants))
      await run(folder, { config, adapter, output, ...given });
    for (const output of Object.keys(variants)) {
      expect(
        largestDifference(await lossesOf(folder, output), await lossesOf(folder, 'multi')),
        output,
      ).toBeLessThan(1e-3);
    }
  });

  it('goes on from an adapter', async () => {
    const folder = await project({ 'train.csv': stars(20), 'eval.csv': stars(5) });
    const { context, events } = watched();
    const still = { learning_rate: 0, num_train_epochs: 1 };
    const adapter = { ...experiment.adapter, r: 8 };
    await run(folder, {
      config: { init_adapter: goldenAdapter('lora-qv') },
      adapter,
      training: still,
      context,
    });
    const [ours, theirs] = [
      await openSafetensors(path.join(folder, 'out/adapter_model.safetensors')),
      await openSafetensors(path.join(goldenAdapter('lora-qv'), 'adapter_model.safetensors')),
    ];
    for (const name of theirs.tensors.keys())
      expect(await ours.readFloat32(name), name).toEqual(await theirs.readFloat32(name));
    await Promise.all([ours.close(), theirs.close()]);
    const notes = events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
    expect(notes).toContain("The labels are those of the model's own head, which is trained further.");
  });

  it('ends with the checkpoint that evaluated best when asked for', async () => {
    const folder = await project();
    // A rate so high that the model gets worse after its start.
    const training = {
      eval_strategy: 'epoch',
      save_strategy: 'epoch',
      load_best_model_at_end: true,
      learning_rate: 0.3,
    };
    const result = await run(folder, { training });
    const evaluations = (await logOf(folder)).filter(({ type }) => type === 'evaluation');
    expect(evaluations.map(({ step }) => step)).toEqual([6, 12, 18]);
    const losses = evaluations.map(({ metrics }) => metrics!['loss']!);
    expect((result.metrics as { log_loss: number }).log_loss).toBeCloseTo(Math.min(...losses), 6);
  });

  it('in bf16 stays near the one in fp32', async () => {
    const folder = await project();
    await run(folder);
    await run(folder, { training: { precision: 'bf16' }, output: 'bf16' });
    expect(
      largestDifference((await lossesOf(folder, 'bf16')).slice(0, 6), (await lossesOf(folder)).slice(0, 6)),
    ).toBeLessThan(0.3);
  });
});

describe('the baselines', () => {
  it.each(['HEAD_ONLY', 'FULL'])('%s trains, and merges into a model that answers alike', async (type) => {
    const folder = await project();
    const result = await run(folder, { adapter: { peft_type: type } });
    const { trainable, all } = result.parameters;
    // A head of two classes on 32 features; everything is the rest of the golden bert with it.
    expect(trainable).toBe(type === 'FULL' ? all : 66);
    const merged = await mergeAdapter(
      {
        model: experiment.model,
        adapter: path.join(folder, 'out'),
        output: path.join(folder, 'merged'),
        overwrite: false,
      },
      watched().context,
    );
    expect(merged.comparison.largest_difference).toBeLessThan(5e-5);
    expect(merged.comparison.same_answers).toBe(merged.comparison.rows);
  });
});
