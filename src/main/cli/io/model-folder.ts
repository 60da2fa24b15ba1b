import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { restoreFolder } from '../../engine/formats/atomic.ts';
import type { Predictor, PredictorOptions } from '../../engine/predict.ts';
import type { CommandContext } from '../command.ts';
import { given } from '../../../shared/fields.ts';

/** The folder of a model: `model` itself, or what the hub id stands for. Throws `files/…` and `hub/…`. */
export async function modelFolder(model: string, context: CommandContext): Promise<string> {
  // The hub's client is only loaded for what is no folder.
  if (await isFolder(model)) return model;
  const { resolveModel } = await import('../../engine/hub/resolve-model.ts');
  return resolveModel(model, {
    signal: context.signal,
    onProgress: ({ done, total }) => {
      const [doneMb, totalMb] = [done / 1e6, total / 1e6];
      context.onEvent({ type: 'progress', phase: 'download', done: doneMb, total: totalMb, unit: 'MB' });
    },
  });
}

/** What a model is called whose folder is `folder`. A hub id stays a hub id; a folder's `models/bert` is not taken for one. */
export const nameOfModel = (model: string, folder: string): string =>
  model === folder ? path.resolve(folder) : model;

/** Checks that an adapter's folder exists. Throws `files/missing`. */
export async function adapterFolder(adapter: string): Promise<string> {
  if (!(await isFolder(adapter))) throw fault('files/missing', { file: adapter });
  return adapter;
}

/** The folders of --model and --adapter. Throws `files/…` and `hub/…`. */
export async function givenFolders(
  options: { model: string; adapter?: string | undefined },
  context: CommandContext,
): Promise<{ model: string; adapter?: string }> {
  const model = await modelFolder(options.model, context);
  return options.adapter === undefined ? { model } : { model, adapter: await adapterFolder(options.adapter) };
}

/** Opens what is to answer, and closes it when `work` is done. Throws what `openPredictor` throws. */
export async function withPredictor<Result>(
  {
    maxLength,
    batchSize,
    ...options
  }: Omit<PredictorOptions, 'maxLength' | 'batchSize'> & {
    maxLength: number | undefined;
    batchSize: number | undefined;
  },
  work: (predictor: Predictor) => Promise<Result>,
): Promise<Result> {
  const { openPredictor } = await import('../../engine/predict.ts');
  const predictor = await openPredictor({ ...options, ...given({ maxLength, batchSize }) });
  try {
    return await work(predictor);
  } finally {
    predictor.close();
  }
}

/**
 * The base of an adapter: `given`, else what its adapter_config.json names: a hub id, or a folder, which may lie beside
 * the adapter's. Throws `export/base-needed`, `files/…` and `hub/…`.
 */
export async function baseFolder(
  adapter: string,
  given: string | undefined,
  context: CommandContext,
): Promise<string> {
  if (given !== undefined) return modelFolder(given, context);
  const { readJsonFile } = await import('../../engine/formats/json.ts');
  const config = await readJsonFile(path.join(adapter, 'adapter_config.json'));
  const named = z.object({ base_model_name_or_path: z.string() }).safeParse(config)
    .data?.base_model_name_or_path;
  if (named === undefined) throw fault('export/base-needed', { folder: adapter, named: null });
  for (const folder of [named, path.resolve(adapter, '..', named)])
    if (existsSync(path.join(folder, 'config.json'))) return folder;
  const { isHubId } = await import('../../engine/hub/repository.ts');
  if (!isHubId(named)) throw fault('export/base-needed', { folder: adapter, named });
  return modelFolder(named, context);
}

async function isFolder(folder: string): Promise<boolean> {
  await restoreFolder(folder);
  return (await stat(folder).catch(() => null))?.isDirectory() ?? false;
}
