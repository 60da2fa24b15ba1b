import { stat } from 'node:fs/promises';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { CachedModel, fileNames } from './cache.ts';
import { downloadModel, type DownloadOptions } from './download-model.ts';
import { hubEnvironment } from './environment.ts';
import { hasTokenizer, neededFiles } from './needed-files.ts';

/**
 * The folder of a model: `model` itself where that is one; else the snapshot of that hub id in the Hugging Face
 * cache, fetched into it where it is not there. What the cache holds is used without asking the hub.
 * Throws `hub/…` or `files/…`; when stopped by `signal`, its reason.
 */
export async function resolveModel(
  model: string,
  options: DownloadOptions & { env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  if ((await stat(model).catch(() => null))?.isDirectory()) return model;
  if (!isHubId(model)) throw fault('hub/not-an-id', { model });
  const environment = hubEnvironment(options.env ?? process.env);
  const cache = new CachedModel(environment.cacheDir, model);

  const snapshot = await cache.mainSnapshot();
  const names = await fileNames(snapshot ?? '');
  const isUsable = snapshot !== null && neededFiles(names) !== null;
  if (isUsable && (hasTokenizer(names) || environment.offline)) return snapshot;
  if (environment.offline) throw fault('hub/offline', { model, cache: environment.cacheDir });
  try {
    return await downloadModel(model, cache, environment, options);
  } catch (error) {
    // Weights without a tokenizer serve those who bring token ids.
    if (isUsable && error instanceof Fault && error.code === 'hub/unreachable') return snapshot;
    throw error;
  }
}

/** `name` or `organisation/name`, as the hub allows them; nothing that could be a path out of the cache. */
function isHubId(text: string): boolean {
  return /^\w[\w.-]*(\/\w[\w.-]*)?$/.test(text) && !text.includes('..') && !text.includes('--');
}
