import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import type { CommandContext } from '../command.ts';

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

/** What a model is called whose folder is `folder`. A hub id stays one; a folder's `models/bert` is not taken for one. */
export const nameOfModel = (model: string, folder: string): string =>
  model === folder ? path.resolve(folder) : model;

/** Checks that an adapter's folder exists. Throws `files/missing`. */
export async function adapterFolder(adapter: string): Promise<string> {
  if (!(await isFolder(adapter))) throw fault('files/missing', { file: adapter });
  return adapter;
}

async function isFolder(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => null))?.isDirectory() ?? false;
}
