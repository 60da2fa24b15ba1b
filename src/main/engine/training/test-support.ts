import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { z } from 'zod';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { parseTrainConfig, type TrainConfig } from '../../../shared/settings/train-config.ts';
import { temporaryFolder } from '../formats/test-support.ts';
import type { JobContext, JobEvent, TrainOptions, TrainResult } from '../jobs.ts';
import { goldenBert } from '../models/test-support.ts';
import { loraFields } from '../peft/test-support.ts';
import { train } from './train.ts';

/** A config for the golden bert, with every setting that is not given at its default. */
export function trainConfig(given: Record<string, unknown>): TrainConfig {
  const defaults = { model: 'model', data: { train: 'train.csv' }, adapter: loraFields };
  return parseTrainConfig({ ...defaults, ...given }, 'test').config;
}

/** A context that keeps every event, and can be stopped. */
export function watched(): { context: JobContext; events: JobEvent[]; stop: AbortController } {
  const stop = new AbortController();
  const events: JobEvent[] = [];
  return { stop, events, context: { signal: stop.signal, onEvent: (event) => void events.push(event) } };
}

const logLine = z.looseObject({
  type: z.enum(['step', 'evaluation']),
  step: z.number(),
  loss: z.number().optional(),
  learning_rate: z.number().optional(),
  grad_norm: z.number().optional(),
  metrics: z.record(z.string(), z.number()).optional(),
});

/** The lines of an events.jsonl without what depends on the clock. */
export function logLines(text: string): z.infer<typeof logLine>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { tokens_per_second: _, ...rest } = logLine.parse(JSON.parse(line));
      return rest;
    });
}

const words =
  'food great service slow loved come back again free entry text win prize claim call now good bad never'.split(
    ' ',
  );

/** A CSV of so many labelled texts of one to twelve words; the labels take turns. */
export function csv(rows: number, labels: readonly string[] = ['ham', 'spam'], seed = 1): string {
  const random = new Pcg64(seed);
  const lines = Array.from({ length: rows }, (_, i) => {
    const text = Array.from({ length: 1 + random.integers(12) }, () => words[random.integers(words.length)]!);
    return `${text.join(' ')},${labels[i % labels.length]!}`;
  });
  return ['text,label', ...lines, ''].join('\n');
}

/** A folder with train.csv (22 rows, so that batches of 4 end with a short one) and eval.csv. */
export async function project(files: Record<string, string> = {}, into?: string): Promise<string> {
  const folder = into ?? (await temporaryFolder());
  const all = { 'train.csv': csv(22), 'eval.csv': csv(9, ['spam', 'ham'], 2), ...files };
  for (const [name, text] of Object.entries(all)) await writeFile(path.join(folder, name), text);
  return folder;
}

/** Copies of a project that `prepare` is done to once, before the tests. */
export function prepared(
  files: Record<string, string>,
  prepare: (folder: string) => Promise<unknown>,
): () => Promise<string> {
  let made: string;
  beforeAll(async () => {
    made = await mkdtemp(path.join(tmpdir(), 'graft-prepared-'));
    await prepare(await project(files, made));
  });
  afterAll(() => rm(made, { recursive: true, force: true }));
  return async () => {
    const folder = await temporaryFolder();
    await cp(made, folder, { recursive: true });
    return folder;
  };
}

/** A small experiment on the golden bert with dropout on: 18 steps. */
export const experiment = {
  model: goldenBert(),
  data: { train: 'train.csv', eval: 'eval.csv' },
  adapter: { ...loraFields, lora_dropout: 0.1 },
  training: { per_device_train_batch_size: 4, num_train_epochs: 3, learning_rate: 5e-3, save_strategy: 'no' },
};

/** Files of a finished run, and their bytes. */
export async function filesOf(folder: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(folder)).filter((name) => name !== 'checkpoints').sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))] as const)),
  );
}

/** Rows labelled as the golden bert's own head is. */
export const stars = (rows: number): string =>
  csv(rows, ['1 star', '2 stars', '3 stars', '4 stars', '5 stars'], 3);

export interface Given {
  training?: Record<string, unknown>;
  data?: Record<string, unknown>;
  adapter?: Record<string, unknown>;
  config?: Record<string, unknown>;
  output?: string;
  resume?: boolean;
  overwrite?: boolean;
  context?: JobContext;
}

/** The small experiment with some settings changed, before its config is checked. */
export function optionsOf(folder: string, given: Given): Omit<TrainOptions, 'config'> & { config: object } {
  const { training, data, adapter, config, output = 'out', resume = false, overwrite = false } = given;
  return {
    config: {
      ...experiment,
      data: { ...experiment.data, ...data },
      adapter: adapter ?? experiment.adapter,
      training: { ...experiment.training, ...training },
      ...config,
    },
    baseDir: folder,
    outputDir: path.join(folder, output),
    resume,
    overwrite,
  };
}

/** Runs the small experiment with some settings changed; its output is in a folder of the project. */
export function run(folder: string, given: Given = {}): Promise<TrainResult> {
  const { config, ...options } = optionsOf(folder, given);
  return train({ ...options, config: trainConfig({ ...config }) }, given.context ?? watched().context);
}

export const adapterOf = (folder: string, output = 'out'): Promise<Buffer> =>
  readFile(path.join(folder, output, 'adapter_model.safetensors'));
export const logOf = async (folder: string, output = 'out'): Promise<ReturnType<typeof logLines>> =>
  logLines(await readFile(path.join(folder, output, 'events.jsonl'), 'utf8'));
export const lossesOf = async (folder: string, output = 'out'): Promise<number[]> =>
  (await logOf(folder, output)).flatMap(({ type, loss }) => (type === 'step' ? [loss!] : []));
