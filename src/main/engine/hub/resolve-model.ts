import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { readJsonFile } from '../formats/json.ts';
import { CachedModel, fileNames, isFile } from './cache.ts';
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
  if ((await stat(model).catch(() => null))?.isDirectory()) return weightsFolder(model);
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

const modulesSchema = z.array(z.object({ path: z.string() }));

/**
 * Where a folder's config.json and weights are: in itself, or, as sentence-transformers wrote until its version 2, in that
 * of the first module ("0_Transformer") beside modules.json.
 */
export async function weightsFolder(folder: string): Promise<string> {
  const [own, modules] = [join(folder, 'config.json'), join(folder, 'modules.json')];
  if ((await isFile(own)) || !(await isFile(modules))) return folder;
  const [first] = modulesSchema.safeParse(await readJsonFile(modules)).data ?? [];
  const inner = first && /^\d+_\w+$/.test(first.path) ? join(folder, first.path) : folder;
  return (await isFile(join(inner, 'config.json'))) ? inner : folder;
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
