import { copyFile, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { faultOf, golden, temporaryFolder } from '../../engine/formats/test-support.ts';
import { writeAdapter, planAdapter } from '../../engine/peft/adapter.ts';
import { openBaseModel } from '../../engine/models/base-model.ts';
import { bert } from '../../engine/hub/test-hub.ts';
import { openReader } from './reader.ts';
import { openModels, ownModel } from './test-support.ts';

describe('the reading thread', () => {
  it('refuses a header that would fill the memory, and goes on with the next question', async () => {
    const reader = openReader();
    onTestFinished(() => reader.close());
    const folder = await ownModel();
    const header = Buffer.from(`{"a":[${'{},'.repeat(6_000_000)}{}]}`);
    const size = Buffer.alloc(8);
    size.writeBigUInt64LE(BigInt(header.length));
    const file = join(folder, 'model.safetensors');
    await writeFile(file, Buffer.concat([size, header]));
    const fault = await faultOf(() => reader.ask('describe', { folder }));
    expect(fault.message).toBe(
      `${file} is not a usable safetensors file: its header takes ${header.length} bytes, and that of a model takes some kilobytes.`,
    );
    expect((await reader.ask('describe', { folder: bert })).facts.architecture).toBe('bert');
  });

  it('refuses a vocabulary that would', async () => {
    const reader = openReader();
    onTestFinished(() => reader.close());
    const folder = await ownModel();
    await truncate(join(folder, 'tokenizer.json'), 65 * 2 ** 20);
    const fault = await faultOf(() => reader.ask('tokenize', { folder, text: 'a' }));
    expect(fault.message).toContain('it has 68157440 bytes');
  });

  it('outlives a tokenizer over which the library ends the process', async () => {
    const reader = openReader();
    onTestFinished(() => reader.close());
    const folder = await ownModel();
    const file = join(folder, 'tokenizer.json');
    const document = JSON.parse(await readFile(file, 'utf8')) as object;
    const normalizer = { type: 'Precompiled', precompiled_charsmap: 'AAAA' };
    await writeFile(file, JSON.stringify({ ...document, normalizer }));
    const fault = await faultOf(() => reader.ask('tokenize', { folder, text: 'a' }));
    expect(fault.code).toBe('tokenizer/ended');
    expect(fault.message).toContain(file);
    expect((await reader.ask('tokenize', { folder: bert, text: 'a' })).tokens).not.toEqual([]);
  });

  it('that ends in the middle tells whoever waits for it', async () => {
    const reader = openReader();
    const asked = faultOf(() => reader.ask('describe', { folder: bert }));
    await reader.close();
    expect((await asked).message).toBe(`The model in ${bert} cannot be read: Graft ends.`);
  });
});

describe('the tokenizer try-out', () => {
  const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', 'the', 'thing', '##s'];
  const wordPiece = async () => {
    const folder = await ownModel();
    await rm(join(folder, 'tokenizer.json'));
    await rm(join(folder, 'tokenizer_config.json'));
    await writeFile(join(folder, 'vocab.txt'), words.join('\n'));
    return folder;
  };
  const tokenize = async (folder: string, text: string, textPair?: string) => {
    const { call } = await openModels();
    const { model } = await call('models/add-folder', { folder });
    return call('models/tokenize', { id: model.id, text, ...(textPair !== undefined && { textPair }) });
  };

  it('gives each token with its id, special and unknown ones marked', async () => {
    const { tokens, unknown } = await tokenize(await wordPiece(), 'the \u{1F600} things');
    const plain = { special: false, unknown: false };
    const frame = { special: true, unknown: false };
    expect(tokens).toEqual([
      { id: 2, text: '[CLS]', ...frame },
      { id: 7, text: 'the', ...plain },
      { id: 1, text: '[UNK]', special: false, unknown: true },
      { id: 8, text: 'thing', ...plain },
      { id: 9, text: '##s', ...plain },
      { id: 3, text: '[SEP]', ...frame },
    ]);
    expect(unknown).toBe(1);
  });

  it('takes a pair, and a special token that is written in the text', async () => {
    const { tokens } = await tokenize(await wordPiece(), 'a [MASK]', 'b');
    expect(tokens.map(({ text }) => text)).toEqual(['[CLS]', 'a', '[MASK]', '[SEP]', 'b', '[SEP]']);
    expect(tokens.filter(({ special }) => special).length).toBe(4);
  });

  it('gives an empty text its frame, and a very long one all its tokens', async () => {
    const folder = await wordPiece();
    expect((await tokenize(folder, '')).tokens.map(({ text }) => text)).toEqual(['[CLS]', '[SEP]']);
    expect((await tokenize(folder, 'a '.repeat(50_000))).tokens.length).toBe(50_002);
  });

  it('knows the special tokens of other families', async () => {
    const folder = await ownModel();
    for (const name of ['tokenizer.json', 'tokenizer_config.json']) {
      await copyFile(join(golden, 'seed1/tokenizers/unigram-xlmr', name), join(folder, name));
    }
    const { tokens } = await tokenize(folder, 'a \u4e00');
    expect(tokens[0]).toMatchObject({ text: '<s>', special: true });
    expect(tokens.at(-1)).toMatchObject({ text: '</s>', special: true });
    expect(tokens.find(({ text }) => text === '<unk>')).toMatchObject({ special: false, unknown: true });
  });
});

describe('the preview of an adapter', () => {
  const preview = async (adapter: Record<string, unknown>, labels = ['ham', 'spam']) => {
    const { call } = await openModels();
    const { model } = await call('models/add-folder', { folder: bert });
    return call('models/preview-adapter', { id: model.id, adapter, labels });
  };
  const lora = { peft_type: 'LORA', task_type: 'SEQ_CLS', r: 4, target_modules: ['query', 'value'] };

  it('gives the counts of the plan that trains, and the size of the file that is written', async () => {
    const { targets, trainable, all, trainablePercent, bytes, saved, unmatched } = await preview(lora);
    const base = await openBaseModel(bert, { head: 'sequence', labelNames: ['ham', 'spam'] });
    onTestFinished(() => base.close());
    const plan = planAdapter(base, lora, 'adapter');
    expect({ trainable, all, trainable_percent: trainablePercent }).toEqual(plan.counts);
    expect(targets.every((path) => /\.(query|value)$/.test(path))).toBe(true);
    expect(targets.length).toBe(2 * base.config.num_hidden_layers);
    expect(saved).toContain('classifier');
    expect(unmatched).toEqual([]);

    const folder = await temporaryFolder();
    const values = new Map(
      plan.trained.map(({ name, shape }) => [name, new Float32Array(shape.reduce((a, b) => a * b, 1))]),
    );
    await writeAdapter(folder, base, plan, values);
    expect(bytes).toBe((await stat(join(folder, 'adapter_model.safetensors'))).size);
  });

  it('names what matches nothing, with the nearest name', async () => {
    const { unmatched } = await preview({ ...lora, target_modules: ['query', 'valeu', 'nothing_like_it'] });
    expect(unmatched).toEqual([
      { name: 'valeu', nearest: 'value' },
      { name: 'nothing_like_it', nearest: null },
    ]);
  });

  it('refuses targets of which none matches, a frozen adapter and unknown methods', async () => {
    const none = await faultOf(() => preview({ ...lora, target_modules: ['querry'] }));
    expect(none.code).toBe('peft/no-target');
    expect(none.remedy).toMatch(/^Did you mean "query"\? Name modules that it has: query, /);
    const frozen = await faultOf(() => preview({ ...lora, inference_mode: true }));
    expect(frozen.code).toBe('peft/inference-mode');
    const saved = await faultOf(() => preview({ ...lora, modules_to_save: ['classifierr'] }));
    expect(saved.code).toBe('peft/no-module');
    expect((await faultOf(() => preview({ peft_type: 'NEW' }))).code).toBe('peft/unsupported-type');
  });

  it('counts the baselines too', async () => {
    const head = await preview({ peft_type: 'HEAD_ONLY', task_type: 'SEQ_CLS' });
    expect(head.targets).toEqual([]);
    const full = await preview({ peft_type: 'FULL', task_type: 'SEQ_CLS' });
    expect(full.trainable).toBe(full.all);
    expect(head.trainable).toBeLessThan(full.trainable);
  });
});

it('nothing of a checkpoint is changed by being looked at', async () => {
  const folder = await ownModel();
  const before = await readFile(join(folder, 'model.safetensors'));
  const { call } = await openModels();
  const { model } = await call('models/add-folder', { folder });
  await call('models/read', { id: model.id });
  expect((await readFile(join(folder, 'model.safetensors'))).equals(before)).toBe(true);
});
