import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../formats/safetensors.ts';
import { faultOf, golden, temporaryFolder, textOf } from '../formats/test-support.ts';
import type { JobContext, JobEvent } from '../jobs.ts';
import { changedModel, goldenBert, goldenTexts, tinyModel } from '../models/test-support.ts';
import { changedAdapter, fieldsOf, goldenAdapter } from '../peft/test-support.ts';
import { openPredictor } from '../predict.ts';
import { compareLogits } from './compare-answers.ts';
import { writeMerged, written } from './test-support.ts';
import { mergeAdapter, type MergeOptions, type MergeReport } from './merge.ts';

const silent: JobContext = { signal: new AbortController().signal, onEvent: () => undefined };

const merge = (options: Partial<MergeOptions> & { output: string }, context = silent): Promise<MergeReport> =>
  mergeAdapter(
    { model: goldenBert(), adapter: goldenAdapter('lora-qv'), overwrite: false, ...options },
    context,
  );

const refusal = async (
  options: Partial<MergeOptions> & { output: string },
  folder: string,
): Promise<string> => textOf(await faultOf(() => merge(options)), folder);

describe('a merged folder', () => {
  it('holds weights, config with labels, tokenizer files, card and proof, and nothing else', async () => {
    const folder = await temporaryFolder();
    const output = path.join(folder, 'merged');
    const events: JobEvent[] = [];
    const report = await merge(
      { output },
      { ...silent, onEvent: (event: JobEvent) => void events.push(event) },
    );
    const names = [
      ...['README.md', 'config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'],
      'verification.json',
    ];
    expect((await readdir(output)).sort()).toEqual(names);
    expect(await readdir(folder)).toEqual(['merged']);
    expect(report.files.map(({ name }) => name)).toEqual(names);
    expect(report.files.every(({ bytes }) => bytes > 0)).toBe(true);
    const config = await fieldsOf(path.join(output, 'config.json'));
    expect(config).toMatchObject({
      architectures: ['BertForSequenceClassification'],
      dtype: 'float32',
      id2label: { 0: '1 star', 4: '5 stars' },
      label2id: { '1 star': 0, '5 stars': 4 },
      model_type: 'bert',
    });
    expect(config).not.toHaveProperty('torch_dtype');
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
      expect(await readFile(path.join(output, name))).toEqual(await readFile(path.join(goldenBert(), name)));
    }
    expect(events.at(-1)).toMatchObject({ type: 'progress', done: 200, total: 200, unit: 'parts' });
  });

  it.each(['lora-qv', 'lora-all-linear', 'lora-bias', 'rank-pattern'])(
    'of %s holds the weights that PEFT merges',
    async (name) => {
      const output = await temporaryFolder();
      await writeMerged(goldenAdapter(name), output);
      const [ours, theirs] = [
        await openSafetensors(path.join(output, 'model.safetensors')),
        await openSafetensors(path.join(golden, `seed1/adapters/${name}-merged/model.safetensors`)),
      ];
      expect([...ours.tensors.keys()].sort()).toEqual([...theirs.tensors.keys()].sort());
      expect(ours.metadata).toEqual({ format: 'pt' });
      for (const key of theirs.tensors.keys()) {
        const [a, b] = [await ours.readFloat32(key), await theirs.readFloat32(key)];
        const difference = a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
        expect(difference, key).toBeLessThan(1e-6);
      }
      await Promise.all([ours.close(), theirs.close()]);
    },
  );

  it('answers by itself as the adapter did over its base', async () => {
    const output = path.join(await temporaryFolder(), 'merged');
    const { comparison } = await merge({ output });
    expect(comparison.rows).toBeGreaterThan(5);
    expect(comparison.same_answers).toBe(comparison.rows);
    expect(comparison.largest_difference).toBeLessThan(5e-5);
    const predictor = await openPredictor({ model: output, precision: 'fp32', head: 'sequence' });
    const { logits_with_adapter: expected } = await adapterCase('lora-qv');
    const found = await predictor.logits((await goldenTexts()).texts);
    predictor.close();
    expect(compareLogits(found, expected, 5).largest_difference).toBeLessThan(1e-4);
  });

  it('without an adapter is the base in full precision', async () => {
    const output = path.join(await temporaryFolder(), 'copy');
    const { comparison } = await mergeAdapter({ model: goldenBert(), output, overwrite: false }, silent);
    expect(comparison.largest_difference).toBe(0);
  });

  it('is compared on the texts of a file too when one is given', async () => {
    const folder = await temporaryFolder();
    const verify = path.join(folder, 'texts.txt');
    await writeFile(verify, 'The food was great.\nNever again.\n');
    const { comparison } = await merge({ output: path.join(folder, 'merged'), verify });
    expect(comparison).toMatchObject({ rows: 11, same_answers: 11 });
  });
});

async function adapterCase(name: string): Promise<{ logits_with_adapter: Float32Array }> {
  const { logits } = await fieldsOf(path.join(golden, `seed1/adapters/${name}.json`));
  return { logits_with_adapter: Float32Array.from((logits as number[][]).flat()) };
}

describe('a merge that is refused', () => {
  it('because the base is quantised says why, and writes nothing', async () => {
    const model = await changedModel({
      quantization_config: { quant_method: 'bitsandbytes', load_in_4bit: true },
    });
    const output = path.join(await temporaryFolder(), 'merged');
    expect(await refusal({ model, output }, model)).toBe(
      'FOLDER holds quantised weights: merging into them would round the adapter away. ' +
        'Merge into the original, full-precision checkpoint that it was made from.',
    );
    expect(await readdir(path.dirname(output))).toEqual([]);
  });

  it('because the output folder holds something leaves it as it is', async () => {
    const folder = await temporaryFolder();
    const output = path.join(folder, 'merged');
    await mkdir(output);
    await writeFile(path.join(output, 'notes.txt'), 'mine');
    expect(await refusal({ output }, folder)).toBe(
      'merged exists and is not empty. ' +
        'Choose another output folder, or pass --overwrite to replace what Graft wrote there.',
    );
    expect(await readdir(output)).toEqual(['notes.txt']);
    await merge({ output, overwrite: true });
    expect(await readdir(output)).toContain('model.safetensors');
  });

  it('because the adapter holds a NaN names the tensor, and writes nothing', async () => {
    const tensor = 'base_model.model.bert.encoder.layer.1.attention.self.value.lora_B.weight';
    const adapter = await changedAdapter('lora-qv', (tensors) => void (tensors.get(tensor)!.data[0] = NaN));
    const output = path.join(await temporaryFolder(), 'merged');
    expect(await refusal({ adapter, output }, adapter)).toMatch(
      new RegExp(`^adapter_model\\.safetensors: ${tensor} holds values that are not numbers`),
    );
    expect(await readdir(path.dirname(output))).toEqual([]);
  });

  it('because the base holds a NaN names the tensor, and writes nothing', async () => {
    const tensor = 'bert.pooler.dense.weight';
    const model = await changedModel({}, (tensors) => void (tensors.get(tensor)!.data[0] = Infinity));
    const output = path.join(await temporaryFolder(), 'merged');
    expect(await refusal({ model, output }, model)).toContain(`${tensor} holds values that are not numbers`);
    expect(await readdir(path.dirname(output))).toEqual([]);
  });

  it('because the adapter belongs to another base writes nothing', async () => {
    const model = await changedModel({ intermediate_size: 64, vocab_size: 605, num_hidden_layers: 1 });
    const output = path.join(await temporaryFolder(), 'merged');
    expect(await refusal({ model, output }, model)).toContain('for which the base model has no place');
    expect(await readdir(path.dirname(output))).toEqual([]);
  });

  it('because it is stopped in the middle leaves what was there', async () => {
    const folder = await temporaryFolder();
    const output = path.join(folder, 'merged');
    await mkdir(output);
    await writeFile(path.join(output, 'notes.txt'), 'mine');
    const stop = new AbortController();
    const onEvent = (event: JobEvent): void => {
      if (event.type === 'progress' && event.phase.includes(': writing') && event.done > 5) stop.abort();
    };
    await expect(merge({ output, overwrite: true }, { signal: stop.signal, onEvent })).rejects.toThrow(
      'abort',
    );
    expect(await readdir(folder)).toEqual(['merged']);
    expect(await readdir(output)).toEqual(['notes.txt']);
  });
});

describe('logits compared', () => {
  it('give the largest difference and the answers that stay', () => {
    const first = Float32Array.of(1, 2, 5, 4);
    expect(compareLogits(first, Float32Array.of(1, 2.5, 4, 4.5), 2)).toEqual({
      rows: 2,
      largest_difference: 1,
      same_answers: 1,
    });
    expect(compareLogits(first, first, 2)).toEqual({ rows: 2, largest_difference: 0, same_answers: 2 });
  });

  it('never let a NaN pass', () => {
    expect(compareLogits(Float32Array.of(1, 2), Float32Array.of(1, NaN), 2).largest_difference).toBe(
      Infinity,
    );
    expect(() => compareLogits(Float32Array.of(1), Float32Array.of(1, 2), 1)).toThrow(RangeError);
  });
});

it('whole numbers that have a point in the config.json of the base keep it: transformers asks for floats', async () => {
  const model = await tinyModel('modernbert');
  const folder = await temporaryFolder();
  await written('hf', folder, { model });
  const number = /"(?:initializer_cutoff_factor|attention_dropout|rope_theta)": .*/g;
  const numbers = async (of: string) =>
    (await readFile(path.join(of, 'config.json'), 'utf8'))
      .match(number)!
      .map((line) => line.replace(',', ''));
  expect((await numbers(folder)).sort()).toEqual((await numbers(model)).sort());
  expect(await numbers(folder)).toContain('"initializer_cutoff_factor": 2.0');
});
