import { stat } from 'node:fs/promises';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { CachedModel, fileNames } from './cache.ts';
import { downloadModel, planDownload, type DownloadOptions } from './download-model.ts';
import { hubEnvironment } from './environment.ts';
import { hubClient } from './hub-fetch.ts';
import { hasTokenizer, neededFiles } from './needed-files.ts';
import { modelRepository, repositoryName } from './repository.ts';

/**
 * The folder of a model: `model` itself where that is one; else the snapshot of that hub id ("org/name", or
 * "org/name@revision") in the Hugging Face cache, fetched into it where it is not there. What the cache holds is used
 * without asking the hub. Throws `hub/…` or `files/…`; when stopped by `signal`, its reason.
 */
export async function resolveModel(
  model: string,
  options: DownloadOptions & { env?: NodeJS.ProcessEnv } = {},
): Promise<string> {
  if ((await stat(model).catch(() => null))?.isDirectory()) return model;
  const repository = modelRepository(model);
  const environment = hubEnvironment(options.env ?? process.env);
  const cache = new CachedModel(environment.cacheDir, repository.id);
  const { snapshot, complete: complete } = await cachedCopy(cache, repository.revision);
  if (snapshot !== null && (complete || environment.offline)) return snapshot;
  if (environment.offline) {
    throw fault('hub/offline', { model: repositoryName(repository), cache: environment.cacheDir });
  }
  try {
    const client = hubClient(environment, repository, options.signal);
    return await downloadModel(client, cache, await planDownload(client), options);
  } catch (error) {
    // Weights without a tokenizer serve those who bring token ids.
    if (snapshot !== null && error instanceof Fault && error.code === 'hub/unreachable') return snapshot;
    throw error;
  }
}

/** The cache's copy of a revision that has weights and a configuration; `whole`: it has a tokenizer too. */
export async function cachedCopy(
  cache: CachedModel,
  revision: string,
): Promise<{ snapshot: string | null; complete: boolean }> {
  const snapshot = await cache.snapshot(revision);
  const names = await fileNames(snapshot ?? '');
  if (snapshot === null || neededFiles(names) === null) return { snapshot: null, complete: false };
  return { snapshot, complete: hasTokenizer(names) };
}
