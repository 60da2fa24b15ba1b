import { spawn } from 'node:child_process';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { faultOf, textOf } from '../formats/test-support.ts';
import { architectures } from '../models/architectures.ts';
import { goldenBert, tinyModel } from '../models/test-support.ts';
import { loraFields } from '../peft/test-support.ts';
import {
  adapterOf,
  csv,
  logLines,
  logOf,
  optionsOf,
  prepared,
  project,
  run,
  watched,
  type Given,
} from './test-support.ts';

/** Trains in a process of its own, which is killed at a step of the run. */
async function runAndKill(folder: string, given: Given, step: number, resume: boolean): Promise<void> {
  const options = { ...optionsOf(folder, given), resume };
  const script = path.join(import.meta.dirname, 'killed-run-test-support.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(options), String(step)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const signal = await new Promise((done) => child.on('close', (_, by) => done(by)));
  expect(signal, said).toBe('SIGKILL');
}

/** 62 rows in batches of 4: an epoch has 16 steps, the last one short. */
const rows = { 'train.csv': csv(62) };

const variants: [string, Record<string, unknown>, number][] = [
  [
    'with evaluations and checkpoints by step',
    {
      num_train_epochs: 3,
      eval_strategy: 'steps',
      eval_steps: 16,
      save_strategy: 'steps',
      save_steps: 5,
      save_total_limit: 2,
    },
    // The step at which it is killed: while its second checkpoint is written.
    10,
  ],
  [
    'with accumulation, rows grouped by length, weight decay, and the best epoch kept',
    {
      gradient_accumulation_steps: 2,
      sampler: 'group_by_length',
      weight_decay: 0.01,
      num_train_epochs: 5,
      eval_strategy: 'epoch',
      save_strategy: 'epoch',
      load_best_model_at_end: true,
      logging_steps: 3,
      lr_scheduler_type: 'cosine',
      warmup_steps: 0.1,
    },
    // In the middle of an epoch.
    30,
  ],
];

describe('a run that is killed and resumed ends with the bits of one that was left alone', () => {
  it.each(variants)('%s', async (_, training, killedAt) => {
    const folder = await project(rows);
    await run(folder, { training, output: 'whole' });
    await runAndKill(folder, { training }, killedAt, false);
    await run(folder, { training, resume: true });
    expect((await adapterOf(folder)).equals(await adapterOf(folder, 'whole'))).toBe(true);
    expect(await logOf(folder)).toEqual(await logOf(folder, 'whole'));
    const predictions = (output: string): Promise<string> =>
      readFile(path.join(folder, output, 'predictions.jsonl'), 'utf8');
    expect(await predictions('out')).toBe(await predictions('whole'));
    expect((await readdir(path.join(folder, 'out/checkpoints'))).sort()).toEqual(
      (await readdir(path.join(folder, 'whole/checkpoints'))).sort(),
    );
  });

  it('also when it is killed again after it was resumed', async () => {
    const folder = await project(rows);
    const training = { num_train_epochs: 4, save_strategy: 'steps', save_steps: 4 };
    await run(folder, { training, output: 'whole' });
    await runAndKill(folder, { training }, 13, false);
    await runAndKill(folder, { training }, 40, true);
    await run(folder, { training, resume: true });
    expect((await adapterOf(folder)).equals(await adapterOf(folder, 'whole'))).toBe(true);
    expect(await logOf(folder)).toEqual(await logOf(folder, 'whole'));
  });
});

describe('a run that is stopped', () => {
  const training = { eval_strategy: 'epoch', save_strategy: 'epoch', num_train_epochs: 2 };
  /** Beside what a test does, the same run left alone, in `whole`. */
  const leftAlone = prepared(rows, (folder) => run(folder, { training, output: 'whole' }));
  /** A run that has ended, in `out`. */
  const finished = async (): Promise<string> => {
    const folder = await leftAlone();
    await rename(path.join(folder, 'whole'), path.join(folder, 'out'));
    return folder;
  };

  it('keeps a checkpoint, and ends alike when it is resumed', async () => {
    const folder = await leftAlone();
    const { context, stop } = watched();
    const stopping = {
      ...context,
      onEvent(event: Parameters<typeof context.onEvent>[0]) {
        if (event.type === 'step' && event.step === 21) stop.abort();
      },
    };
    const stopped = await run(folder, { training, context: stopping });
    expect(stopped).toMatchObject({ status: 'stopped', steps: 21, metrics: null });
    expect((await readdir(path.join(folder, 'out/checkpoints'))).sort()).toEqual([
      'checkpoint-16',
      'checkpoint-21',
    ]);
    expect(await readdir(path.join(folder, 'out'))).not.toContain('adapter_model.safetensors');

    expect(await run(folder, { training, resume: true })).toMatchObject({ status: 'finished', steps: 32 });
    expect((await adapterOf(folder)).equals(await adapterOf(folder, 'whole'))).toBe(true);
    expect(await logOf(folder)).toEqual(await logOf(folder, 'whole'));
  });

  it('in the middle of an evaluation evaluates again when it is resumed', async () => {
    const folder = await leftAlone();
    const { context, stop } = watched();
    const stopping = {
      ...context,
      onEvent(event: Parameters<typeof context.onEvent>[0]) {
        if (event.type === 'progress' && event.phase === 'evaluate') stop.abort();
      },
    };
    const stopped = await run(folder, { training, context: stopping });
    expect(stopped).toMatchObject({ status: 'stopped', steps: 16 });
    expect((await logOf(folder)).filter(({ type }) => type === 'evaluation')).toEqual([]);
    await run(folder, { training, resume: true });
    expect((await adapterOf(folder)).equals(await adapterOf(folder, 'whole'))).toBe(true);
    expect(await logOf(folder)).toEqual(await logOf(folder, 'whole'));
  });

  it('after its last step needs no step more: what is left is done', async () => {
    const folder = await finished();
    await cp(path.join(folder, 'out'), path.join(folder, 'again'), { recursive: true });
    for (const name of ['adapter_model.safetensors', 'metrics.json', 'predictions.jsonl']) {
      await rm(path.join(folder, 'again', name));
    }
    await run(folder, { training, output: 'again', resume: true });
    expect((await adapterOf(folder, 'again')).equals(await adapterOf(folder))).toBe(true);
    expect(await logOf(folder, 'again')).toEqual(await logOf(folder));
  });

  it('loses what it left half written when it is resumed', async () => {
    const folder = await finished();
    const leftover = '.graft-0123456789ab.tmp';
    await mkdir(path.join(folder, 'out/checkpoints', leftover));
    await writeFile(path.join(folder, 'out', leftover), 'half');
    await writeFile(path.join(folder, 'out/.graft-notes.tmp'), 'mine');
    await run(folder, { training, resume: true });
    const left = await readdir(path.join(folder, 'out'), { recursive: true });
    expect(left.filter((name) => name.includes('.graft'))).toEqual(['.graft-notes.tmp']);
  });

  it('with a log that was cut in the middle of a line drops that line', async () => {
    const folder = await finished();
    const file = path.join(folder, 'out/events.jsonl');
    const text = await readFile(file, 'utf8');
    await rm(path.join(folder, 'out/checkpoints/checkpoint-32'), { recursive: true });
    await writeFile(file, text.slice(0, text.indexOf('"step":20') + 5));
    await run(folder, { training, resume: true });
    expect(await logOf(folder)).toEqual(logLines(text));
  });
});

const types = architectures.flatMap(({ modelTypes }) => modelTypes);
it.each(types)('a run of %s that is stopped and resumed has the bits of another', async (type) => {
  const config = { model: await tinyModel(type) };
  await resumed({ config, adapter: { ...loraFields, target_modules: null, lora_dropout: 0.1 } });
});

/** Ways to train on the golden bert, with what they add to `loraFields` and to the settings of training. */
const methods: [string, Record<string, unknown>, Record<string, unknown>?][] = [
  ['DoRA', { use_dora: true, lora_dropout: 0.1 }],
  ['LoRA+', {}, { loraplus_lr_ratio: 16 }],
  [
    'LoRA on embeddings, with a rate of their own',
    { target_modules: ['query', 'word_embeddings'] },
    { loraplus_lr_ratio: 4, loraplus_lr_embedding: 1e-3 },
  ],
  ['lora_bias and trained tokens', { lora_bias: true, trainable_token_indices: [5, 20, 534] }],
  ['PiSSA', { init_lora_weights: 'pissa', lora_dropout: 0.1 }],
  ['OLoRA with DoRA', { init_lora_weights: 'olora', use_dora: true }],
];
it.each(methods)(
  'a run by %s that is stopped and resumed has the bits of another',
  async (_, fields, more) => {
    await resumed({ adapter: { ...loraFields, ...fields }, training: more ?? {} });
  },
);

/** Stops a run at its fourth step of six and goes on, beside one that was left alone. */
async function resumed(given: Given): Promise<void> {
  const folder = await project();
  const steps = { num_train_epochs: 1, save_strategy: 'steps', save_steps: 3, logging_steps: 1 };
  const training = { ...steps, ...given.training };
  await run(folder, { ...given, training, output: 'whole' });
  const { context, stop } = watched();
  const stopping = {
    ...context,
    onEvent(event: Parameters<typeof context.onEvent>[0]) {
      if (event.type === 'step' && event.step === 4) stop.abort();
    },
  };
  expect(await run(folder, { ...given, training, context: stopping })).toMatchObject({ steps: 4 });
  expect(await run(folder, { ...given, training, resume: true })).toMatchObject({
    status: 'finished',
    steps: 6,
  });
  expect((await adapterOf(folder)).equals(await adapterOf(folder, 'whole'))).toBe(true);
  expect(await logOf(folder)).toEqual(await logOf(folder, 'whole'));
}

describe('a run whose inputs have changed since its checkpoint', () => {
  const training = { num_train_epochs: 2, save_strategy: 'epoch' };

  /** A run that was left after its first epoch, its model a copy of its own. */
  const left = prepared(rows, async (folder) => {
    await cp(goldenBert(), path.join(folder, 'model'), { recursive: true });
    await run(folder, { training, config: { model: 'model' } });
    await rm(path.join(folder, 'out/checkpoints/checkpoint-32'), { recursive: true });
  });
  const refusal = async (folder: string): Promise<string> =>
    textOf(await faultOf(() => run(folder, { training, config: { model: 'model' }, resume: true })), folder);
  const because = (what: string): string =>
    `The run cannot go on from out/checkpoints/checkpoint-16, because its inputs have changed since: ${what}. ` +
    'Put back what was there when the run was started, or start anew: --overwrite, in the window Retry.';
  const edit = async (file: string, change: (text: string) => string): Promise<void> =>
    writeFile(file, change(await readFile(file, 'utf8')));

  it('is refused, and the file is named whose rows are others', async () => {
    const folder = await left();
    const train = path.join(folder, 'train.csv');
    const whole = await readFile(train, 'utf8');
    await writeFile(train, whole.replace(/,spam\n/, ',ham\n'));
    expect(await refusal(folder)).toBe(because('the rows of train.csv, 62 rows then and now'));
    await writeFile(train, whole.slice(0, whole.trimEnd().lastIndexOf('\n') + 1));
    expect(await refusal(folder)).toBe(because('the rows of train.csv, 62 rows then and 61 now'));
    await writeFile(train, whole);
    await edit(path.join(folder, 'eval.csv'), (text) => text.replace('\n', '\nwin a prize '));
    expect(await refusal(folder)).toBe(because('the rows of eval.csv, 9 rows then and now'));
  });

  it('is refused for another tokenizer and for other weights, which nothing else tells', async () => {
    const folder = await left();
    const tokenizer = path.join(folder, 'model/tokenizer.json');
    const whole = await readFile(tokenizer, 'utf8');
    await edit(tokenizer, (text) =>
      text.replace('"food": 534', '"food": 537').replace('"great": 537', '"great": 534'),
    );
    expect(await refusal(folder)).toBe(because('the tokenizer of model'));
    await writeFile(tokenizer, whole);

    await edit(path.join(folder, 'model/config.json'), (text) =>
      text.replace(/"layer_norm_eps": [^,]*,/, '"layer_norm_eps": 1e-5,'),
    );
    expect(await refusal(folder)).toBe(because('the weights or config.json of model'));
  });

  it('goes on where the same rows stand in a file that was written anew', async () => {
    const folder = await left();
    await edit(path.join(folder, 'train.csv'), (text) => text.replaceAll('\n', '\r\n'));
    const again = await run(folder, { training, config: { model: 'model' }, resume: true });
    expect(again).toMatchObject({ status: 'finished', steps: 32 });
  });

  it('is told that nobody looked where the checkpoint is of a time before digests', async () => {
    const folder = await left();
    const progress = path.join(folder, 'out/checkpoints/checkpoint-16/progress.json');
    await edit(progress, (text) => text.replace(/,"inputs":.*/, '}'));
    const { context, events } = watched();
    await run(folder, { training, config: { model: 'model' }, resume: true, context });
    const notes = events.flatMap((event) => (event.type === 'note' ? [event.message] : []));
    expect(notes).toContainEqual(
      expect.stringContaining('does not say which rows and weights it was made with'),
    );
  });
});
