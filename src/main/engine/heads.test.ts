/** A head that is not known as a classifier's is refused by what it is, wherever a model or an adapter comes in. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTrainConfig } from '../../shared/settings/train-config.ts';
import { evaluate } from './evaluate.ts';
import { mergeAdapter } from './export/merge.ts';
import { exported, goldenAdapter, goldenModel, quiet } from './export/test-support.ts';
import { faultOf, temporaryFolder, textOf } from './formats/test-support.ts';
import { inspectModel } from './inspect.ts';
import type { JobEvent } from './jobs.ts';
import { mergeAdaptersJob } from './jobs/merge-adapters.ts';
import { headLabels } from './models/checkpoint-head.ts';
import { changedModel, type ModelTensor } from './models/test-support.ts';
import { changedAdapter, fieldsOf, loraFields } from './peft/test-support.ts';
import { openPredictor } from './predict.ts';
import { openAnswerer } from './serving/answerer.ts';
import { train } from './training/train.ts';

type Change = (tensors: Map<string, ModelTensor>) => void;

const labels = (...names: string[]) => ({
  id2label: Object.fromEntries(names.map((name, id) => [id, name])),
  label2id: Object.fromEntries(names.map((name, id) => [name, id])),
});
const outputs =
  (count: number): Change =>
  (tensors) => {
    tensors.set('classifier.weight', { shape: [count, 32], data: new Float32Array(count * 32).fill(0.1) });
    tensors.set('classifier.bias', { shape: [count], data: new Float32Array(count) });
  };
const withoutPooler: Change = (tensors) => {
  for (const name of ['weight', 'bias']) tensors.delete(`bert.pooler.dense.${name}`);
};
const instead =
  (...names: string[]): Change =>
  (tensors) => {
    for (const name of ['classifier.weight', 'classifier.bias']) tensors.delete(name);
    for (const name of names) tensors.set(name, { shape: [2, 32], data: new Float32Array(64) });
  };
const sigmoid = 'torch.nn.modules.activation.Sigmoid';

/** Each kind of head: what config.json and weights say, and how it is called. */
const kinds: readonly (readonly [string, Record<string, unknown>, Change | undefined, RegExp])[] = [
  [
    'one output',
    labels('LABEL_0'),
    outputs(1),
    /is a regressor or a cross-encoder, which gives one number \(config\.json: it has one label\)/,
  ],
  [
    'problem_type regression',
    { ...labels('LABEL_0'), problem_type: 'regression' },
    outputs(1),
    /is a regressor, which gives numbers \(config\.json: problem_type is "regression"\)/,
  ],
  [
    'problem_type multi_label_classification',
    { problem_type: 'multi_label_classification' },
    undefined,
    /is a multi-label classifier, which scores each label by itself \(config\.json: problem_type is "multi_label_/,
  ],
  [
    'a cross-encoder of sentence-transformers 4 and later',
    { ...labels('LABEL_0'), sentence_transformers: { activation_fn: sigmoid, version: '6.2.0' } },
    outputs(1),
    /is a cross-encoder, whose one output is scored each by itself \(config\.json: sentence_transformers names/,
  ],
  [
    'a cross-encoder of sentence-transformers up to 3, with several outputs',
    { sbert_ce_default_activation_function: sigmoid },
    undefined,
    /is a cross-encoder, whose outputs are scored each by itself/,
  ],
  [
    'ForTokenClassification',
    { architectures: ['BertForTokenClassification'] },
    withoutPooler,
    /is a token classifier, which labels each token \(config\.json: architectures is "BertForTokenClassification"\)/,
  ],
  [
    'a token classifier without architectures',
    { architectures: undefined },
    withoutPooler,
    /is a token classifier or another model without a pooler.*\(model\.safetensors: it holds classifier\.bias and no pooler\)/,
  ],
  [
    'ForQuestionAnswering',
    { architectures: ['BertForQuestionAnswering'] },
    instead('qa_outputs.weight'),
    /is a question answerer, which finds a span of the text \(config\.json: architectures/,
  ],
  [
    'question answering by its tensors',
    { architectures: undefined },
    instead('qa_outputs.weight'),
    /is a question answerer, which finds a span of the text \(model\.safetensors: it holds qa_outputs\.weight\)/,
  ],
  [
    'ForMultipleChoice',
    { architectures: ['BertForMultipleChoice'] },
    outputs(1),
    /is a multiple-choice model/,
  ],
  [
    'ForMaskedLM',
    { architectures: ['BertForMaskedLM'] },
    instead('cls.predictions.transform.dense.weight'),
    /is a masked language model, which fills in words and has no classes/,
  ],
  [
    "ELECTRA's ForPreTraining",
    { architectures: ['ElectraForPreTraining'] },
    instead('discriminator_predictions.dense.weight'),
    /is a discriminator, which finds replaced words and has no classes/,
  ],
  [
    'ForNextSentencePrediction',
    { architectures: ['BertForNextSentencePrediction'] },
    instead('cls.seq_relationship.weight'),
    /is a next-sentence predictor/,
  ],
  ['LMHeadModel', { architectures: ['BertLMHeadModel'] }, instead(), /is a causal language model/],
  [
    'ForConditionalGeneration',
    { architectures: ['BertForConditionalGeneration'] },
    instead(),
    /is a sequence-to-sequence model/,
  ],
  [
    'a class of somebody',
    { architectures: ['BertForHierarchicalClassification'] },
    undefined,
    /is a BertForHierarchicalClassification, whose head Graft does not know/,
  ],
  [
    'a bare encoder that holds a classifier',
    { architectures: ['BertModel'] },
    undefined,
    /is an encoder by its config\.json .* \(model\.safetensors: it holds classifier\.bias\)/,
  ],
];

const data = async (): Promise<string> => {
  const file = path.join(await temporaryFolder(), 'rows.csv');
  await writeFile(file, 'text,label\ngood,a\nbad,b\nfine,a\npoor,b\n');
  return file;
};

const faultText = async (run: () => Promise<unknown>, folder: string): Promise<string> =>
  textOf(await faultOf(run), folder);

describe.each(kinds)('a checkpoint with %s', (_, config, change, what) => {
  it('is refused by what it is in predict, eval, merge, export, server and playground', async () => {
    const model = await changedModel(config, change);
    const entrances: (() => Promise<unknown>)[] = [
      () => openPredictor({ model, precision: 'fp32', head: 'sequence' }),
      async () =>
        evaluate(
          {
            model,
            data: await data(),
            rows: { textColumn: 'text', labelColumn: 'label' },
            precision: 'fp32',
          },
          quiet,
        ),
      async () =>
        mergeAdapter({ model, output: path.join(await temporaryFolder(), 'out'), overwrite: false }, quiet),
      () => openAnswerer({ kind: 'model', model, adapter: null, maxLength: null }),
      () => openAnswerer({ kind: 'export', folder: model, base: null }),
    ];
    for (const entrance of entrances) {
      const text = await faultText(entrance, model);
      expect(text).toMatch(what);
      expect(text).toContain('Train a new head on it with graft train');
    }
    const { reports } = await exported(['hf', 'onnx', 'peft'], { model, adapter: undefined });
    for (const { state, reason } of reports) {
      expect(state).toBe('refused');
      expect(reason?.replaceAll(model + path.sep, '')).toMatch(what);
    }
  });

  it('is shown as what it is, names no labels to train on, and may be a base', async () => {
    const model = await changedModel(config, change);
    const { labels: shown, head, newly_initialized: missing } = await inspectModel(model);
    expect(shown).toEqual([]);
    expect(head.kind).toBe('other');
    expect(missing).toContain('classifier.weight');
    expect(await headLabels(model)).toBeNull();
  });
});

it('a SetFit folder is refused by its pickle', async () => {
  const model = await changedModel({ architectures: ['BertModel'] }, instead());
  await writeFile(path.join(model, 'model_head.pkl'), 'x');
  const text = await faultText(() => openPredictor({ model, precision: 'fp32', head: 'sequence' }), model);
  expect(text).toContain('is a SetFit model, whose classes a scikit-learn classifier in a pickle decides on');
});

it('an encoder that is to be a decoder is refused by the key', async () => {
  const model = await changedModel({ is_decoder: true });
  expect(await faultText(() => inspectModel(model), model)).toContain('config.json has is_decoder "true"');
});

it('a cross-encoder of several classes without an activation is a classifier', async () => {
  const activation = 'torch.nn.modules.linear.Identity';
  const model = await changedModel({ sentence_transformers: { activation_fn: activation } });
  expect((await inspectModel(model)).labels).toHaveLength(5);
});

it('an export for another runtime is refused by its config.json', async () => {
  const folder = await changedModel({ problem_type: 'multi_label_classification' });
  await mkdir(path.join(folder, 'onnx'));
  const text = await faultText(() => openAnswerer({ kind: 'export', folder, base: null }), folder);
  expect(text).toMatch(/is a multi-label classifier/);
});

it('training on a base with another head says so, and its output is a single-label classifier', async () => {
  const model = await changedModel({ problem_type: 'multi_label_classification', num_labels: 5 });
  const outputDir = path.join(await temporaryFolder(), 'out');
  const notes: string[] = [];
  const config = parseTrainConfig(
    {
      model,
      data: { train: await data() },
      adapter: loraFields,
      training: { max_steps: 1, per_device_train_batch_size: 2 },
    },
    'config.json',
  ).config;
  const onEvent = (event: JobEvent): void => void (event.type === 'note' && notes.push(event.message));
  const { newly_initialized: made } = await train(
    { config, baseDir: '.', outputDir, resume: false, overwrite: false },
    { ...quiet, onEvent },
  );
  expect(made).toEqual(['classifier.weight', 'classifier.bias']);
  expect(notes).toContain(
    'The base is a multi-label classifier, which scores each label by itself (problem_type is ' +
      '"multi_label_classification"): that head is not used, and a new one is trained.',
  );
  const written = await fieldsOf(path.join(outputDir, 'config.json'));
  expect(written).toMatchObject({
    architectures: ['BertForSequenceClassification'],
    problem_type: 'single_label_classification',
    id2label: { 0: 'a', 1: 'b' },
  });
  expect(written).not.toHaveProperty('num_labels');
  const answers = await openPredictor({
    model,
    adapter: outputDir,
    precision: 'fp32',
    head: 'sequence',
  });
  expect(answers.labelNames).toEqual(['a', 'b']);
  answers.close();
});

/** A copy of the golden adapter whose files say something else. */
async function saying(
  fields: Record<string, unknown>,
  change: Change = () => undefined,
  config?: Record<string, unknown>,
): Promise<string> {
  const folder = await changedAdapter('lora-qv', change);
  const file = path.join(folder, 'adapter_config.json');
  await writeFile(file, JSON.stringify({ ...(await fieldsOf(file)), ...fields }));
  if (config) {
    const own = await fieldsOf(path.join(goldenModel, 'config.json'));
    await writeFile(path.join(folder, 'config.json'), JSON.stringify({ ...own, ...config }));
  }
  return folder;
}

const head =
  (count: number): Change =>
  (tensors) => {
    const name = 'base_model.model.classifier';
    tensors.set(`${name}.weight`, { shape: [count, 32], data: new Float32Array(count * 32) });
    tensors.set(`${name}.bias`, { shape: [count], data: new Float32Array(count) });
  };
const mapping = (name: string) => ({
  task_type: null,
  auto_mapping: { base_model_class: name, parent_library: 'transformers.models.bert.modeling_bert' },
});

describe.each<readonly [string, () => Promise<string>, RegExp]>([
  ['TOKEN_CLS', () => saying({ task_type: 'TOKEN_CLS' }), /of a token classifier.*task_type is "TOKEN_CLS"/],
  ['QUESTION_ANS', () => saying({ task_type: 'QUESTION_ANS' }), /of a question answerer.*task_type/],
  [
    'FEATURE_EXTRACTION',
    () => saying({ task_type: 'FEATURE_EXTRACTION' }),
    /of an embedding model.*task_type/,
  ],
  ['CAUSAL_LM', () => saying({ task_type: 'CAUSAL_LM' }), /of a causal language model.*task_type/],
  ['SEQ_2_SEQ_LM', () => saying({ task_type: 'SEQ_2_SEQ_LM' }), /of a sequence-to-sequence model/],
  ['a task of somebody', () => saying({ task_type: 'RANKING' }), /a task that Graft does not know/],
  [
    'auto_mapping of a token classifier',
    () => saying(mapping('BertForTokenClassification')),
    /of a token classifier.*auto_mapping names the class BertForTokenClassification/,
  ],
  [
    'problem_type multi_label_classification beside it',
    () => saying({}, undefined, { problem_type: 'multi_label_classification' }),
    /of a multi-label classifier.*config\.json: problem_type/,
  ],
  [
    'one output',
    () => saying({}, head(1)),
    /of a regressor or a cross-encoder.*classifier\.bias has one value/,
  ],
  [
    'nothing that says what its head is for',
    () => saying({ task_type: null }),
    /does not say what the adapter's head \(base_model\.model\.classifier\.bias\) is for/,
  ],
])('an adapter with %s', (_, make, what) => {
  it('is refused by what it is in predict, merge, export, playground, and as one to go on from', async () => {
    const adapter = await make();
    const part = { name: 'one', folder: adapter, weight: 1 };
    const entrances: (() => Promise<unknown>)[] = [
      () => openPredictor({ model: goldenModel, adapter, precision: 'fp32', head: 'sequence' }),
      async () =>
        mergeAdapter(
          { model: goldenModel, adapter, output: path.join(await temporaryFolder(), 'o'), overwrite: false },
          quiet,
        ),
      () => exported(['hf'], { adapter }),
      () => openAnswerer({ kind: 'model', model: goldenModel, adapter, maxLength: null }),
      () =>
        mergeAdaptersJob(
          {
            ...{ model: goldenModel, parts: [part, part], combination: 'linear', density: 1 },
            ...{ majoritySign: 'total', seed: 1, output: adapter },
          },
          quiet,
        ),
      async () => {
        const config = parseTrainConfig(
          {
            ...{
              model: goldenModel,
              data: { train: await data() },
              adapter: loraFields,
              init_adapter: adapter,
            },
            training: { max_steps: 1 },
          },
          'config.json',
        ).config;
        const outputDir = path.join(await temporaryFolder(), 'out');
        return train({ config, baseDir: '/', outputDir, resume: false, overwrite: false }, quiet);
      },
    ];
    for (const entrance of entrances) expect(await faultText(entrance, adapter)).toMatch(what);
  });
});

it('training with the task of another head is refused before it begins', async () => {
  const adapter = { ...loraFields, task_type: 'TOKEN_CLS' };
  const { config } = parseTrainConfig(
    { model: goldenModel, data: { train: await data() }, adapter },
    'c.json',
  );
  const outputDir = path.join(await temporaryFolder(), 'out');
  const text = await faultText(
    () => train({ config, baseDir: '/', outputDir, resume: false, overwrite: false }, quiet),
    outputDir,
  );
  expect(text).toMatch(
    /of a token classifier, which labels each token \(adapter: task_type is "TOKEN_CLS"\)/,
  );
});

it('an adapter of Graft that names no task is still one of a classifier', async () => {
  const adapter = await saying({ task_type: null });
  await copyFile(path.join(goldenAdapter, 'adapter_config.json'), path.join(adapter, 'events.jsonl'));
  const opened = await openPredictor({
    model: goldenModel,
    adapter,
    precision: 'fp32',
    head: 'sequence',
  });
  expect(opened.labelNames).toHaveLength(5);
  opened.close();
});
