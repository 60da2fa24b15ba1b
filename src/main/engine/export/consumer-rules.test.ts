import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../formats/test-support.ts';
import { writeSentenceFolder } from '../models/sentence-folder.ts';
import { changedModel } from '../models/test-support.ts';
import { fieldsOf } from '../peft/test-support.ts';
import { checkConsumers, type Promised } from './consumer-rules.ts';

const labels = ['1 star', '2 stars', '3 stars', '4 stars', '5 stars'];
const single = { problem_type: 'single_label_classification' };
const model = {
  type: 'bert',
  inputs: ['input_ids', 'attention_mask', 'token_type_ids'],
  maxTokens: 66,
  hiddenSize: 32,
  brought: ['pooler.dense', 'classifier'],
  unknownTo: [],
};
const form = { pooling: 'mean', normalize: true } as const;

/** A folder as an export writes it, with one thing changed. */
async function hf(change: Record<string, unknown>, tokenizer: Record<string, unknown> = {}): Promise<string> {
  const folder = await changedModel({ ...single, ...change });
  const file = path.join(folder, 'tokenizer_config.json');
  const own = { ...(await fieldsOf(file)), tokenizer_class: 'BertTokenizer', model_max_length: 64 };
  await writeFile(file, JSON.stringify({ ...own, ...tokenizer }));
  return folder;
}

const brokenIn = async (folder: string, promised: Partial<Promised> = {}): Promise<string[]> => {
  const all: Promised = { target: 'hf', labels, vectors: null, maxLength: 64, model, ...promised };
  return (await checkConsumers(folder, all)).broken;
};

it('a folder that holds every rule is listed with those that it was held against', async () => {
  const { consumers, broken } = await checkConsumers(await hf({}), {
    ...{ target: 'hf', labels, vectors: null, maxLength: 64, model },
  });
  expect(broken).toEqual([]);
  expect(consumers.map(({ consumer }) => consumer)).toEqual(['transformers']);
  expect(consumers[0]!.rules).toContain('label2id is the inverse of id2label');
});

describe('a rule of transformers that is broken is named', () => {
  it.each<readonly [Record<string, unknown>, Record<string, unknown>, string]>([
    [{ problem_type: 'multi_label_classification' }, {}, 'problem_type is single_label_classification'],
    [{ problem_type: undefined }, {}, 'problem_type is single_label_classification'],
    [{ architectures: ['BertForTokenClassification'] }, {}, 'architectures is a sequence classifier'],
    [{ id2label: { 0: 'x', 1: 'y' } }, {}, 'id2label names the labels'],
    [{ label2id: { '1 star': 4 } }, {}, 'label2id is the inverse'],
    [{ function_to_apply: 'sigmoid' }, {}, 'no key changes the outputs'],
    [{ sentence_transformers: { activation_fn: 'x' } }, {}, 'no key changes the outputs'],
    [{ num_labels: 3 }, {}, 'no key changes the outputs'],
    [{ model_type: 'roberta' }, {}, 'model_type is that of the weights'],
    [{ dtype: 'float16' }, {}, 'dtype is that of all weights'],
    [{}, { tokenizer_class: 'BertJapaneseTokenizer' }, 'tokenizer_class is one that reads'],
    [{}, { model_max_length: 1e30 }, 'model_max_length is within the positions'],
    [{}, { model_max_length: undefined }, 'model_max_length is within the positions'],
  ])('%j %j', async (config, tokenizer, rule) => {
    const broken = await brokenIn(await hf(config, tokenizer));
    expect(broken).toHaveLength(1);
    expect(broken[0]).toContain(`transformers would not take it as it is meant: ${rule}`);
  });
});

describe('a rule of sentence-transformers that is broken is named', () => {
  const encoder = async (change: Partial<Parameters<typeof writeSentenceFolder>[1]>, width = 32) => {
    const nothing = { id2label: undefined, label2id: undefined, problem_type: undefined };
    const folder = await hf({ ...nothing, architectures: ['BertModel'] });
    const said = { ...form, maxLength: 48, prompts: {}, defaultPrompt: null, similarity: null };
    await writeSentenceFolder(folder, { ...said, ...change }, width);
    return brokenIn(folder, { target: 'embedding', vectors: form, maxLength: 48 });
  };
  it.each<readonly [Parameters<typeof encoder>, string | null]>([
    [[{}], null],
    [[{ normalize: false }], 'modules.json lists'],
    [[{ pooling: 'cls' }], '1_Pooling has the pooling'],
    [[{}, 64], '1_Pooling has the pooling'],
    [[{ maxLength: 512 }], 'max_seq_length is where texts are cut'],
    [[{ maxLength: null }], 'max_seq_length is where texts are cut'],
    [[{ defaultPrompt: 'query' }], 'default_prompt_name is one of the prompts'],
  ])('%j', async ([change, width], rule) => {
    const broken = await encoder(change, width);
    expect(broken).toHaveLength(rule === null ? 0 : 1);
    if (rule !== null)
      expect(broken[0]).toContain(`sentence-transformers would not take it as it is meant: ${rule}`);
  });
});

describe('a rule of PEFT that is broken is named', () => {
  const right = {
    task_type: 'SEQ_CLS',
    modules_to_save: ['pooler', 'classifier', 'score'],
    base_model_name_or_path: 'org/bert',
  };
  it.each<readonly [Record<string, unknown>, string | null]>([
    [{}, null],
    [{ task_type: null }, 'task_type is SEQ_CLS'],
    [{ modules_to_save: null }, 'modules_to_save has pooler.dense, classifier'],
    [{ modules_to_save: ['classifier', 'score'] }, 'modules_to_save has pooler.dense, classifier'],
    [{ modules_to_save: ['dense', 'classifier'] }, null],
    [{ base_model_name_or_path: '/home/me/bert' }, 'base_model_name_or_path is a name'],
    [{ base_model_name_or_path: 'C:\\models\\bert' }, 'base_model_name_or_path is a name'],
  ])('%j', async (change, rule) => {
    const folder = await hf({});
    await writeFile(path.join(folder, 'adapter_config.json'), JSON.stringify({ ...right, ...change }));
    const broken = await brokenIn(folder, { target: 'peft' });
    expect(broken).toHaveLength(rule === null ? 0 : 1);
    if (rule !== null) expect(broken[0]).toContain(`PEFT would not take it as it is meant: ${rule}`);
  });
});

it('nothing is promised to a program that has no classifier of the type', async () => {
  const folder = await hf({});
  await mkdir(path.join(folder, 'onnx'));
  await writeFile(path.join(folder, 'onnx/model.onnx'), 'x');
  const promised = { target: 'onnx', labels, vectors: null, maxLength: 64 } as const;
  const { consumers } = await checkConsumers(folder, {
    ...promised,
    model: { ...model, unknownTo: ['transformers.js'] },
  });
  expect(consumers.map(({ consumer }) => consumer)).toEqual(['transformers', 'onnxruntime']);
});

it('a rule of transformers.js that is broken is named', async () => {
  const folder = await hf({});
  expect((await brokenIn(folder, { target: 'onnx-int8' })).join()).toContain('under the name of its dtype');
  await mkdir(path.join(folder, 'onnx'));
  await writeFile(path.join(folder, 'onnx/model_quantized.onnx'), 'x');
  expect(await brokenIn(folder, { target: 'onnx-int8' })).toEqual([]);
  const other = await temporaryFolder();
  expect((await brokenIn(other, { target: 'onnx' })).join()).toContain(
    'tokenizer.json and tokenizer_config.json',
  );
});
