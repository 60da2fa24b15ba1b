import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Model } from '../../../shared/contract/models.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { cachedModels } from '../../engine/hub/cache.ts';
import { modelRepository } from '../../engine/hub/repository.ts';
import type { BackendContext } from '../context.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { hubAccess } from './hub-access.ts';
import { modelArea } from './models.ts';

const SAMPLE = 'sentence-transformers/all-MiniLM-L6-v2';
/** What scripts/setup/checkpoint.mjs makes of the copy in a Python package. */
const PACKAGED = 'all-minilm-l6-v2-0.1.0';
const FILES = ['config.json', 'model.safetensors', 'tokenizer.json'];

/**
 * Adds the sample's model: the Hugging Face cache's copy, else the one that set-up fetched, else from the hub; added
 * once. `control`: the job that waits for it. Throws `models/no-sample`, `hub/…`.
 */
export async function addSampleModel(context: BackendContext, control?: JobControl): Promise<Model> {
  const { library, downloads } = modelArea(context);
  const folder = await sampleFolder(context);
  const origin = { name: SAMPLE, hubId: SAMPLE, source: 'sample', licence: 'apache-2.0' } as const;
  if (folder !== null) return library.add(folder, origin);
  if (control === undefined) throw fault('models/no-sample', { reason: 'it was not fetched yet.' });
  try {
    return await downloads.download(modelRepository(SAMPLE), control);
  } catch (error) {
    if (!(error instanceof Fault) || control.signal.aborted) throw error;
    throw fault('models/no-sample', { reason: error.message }, error);
  }
}

async function sampleFolder(context: BackendContext): Promise<string | null> {
  const { cacheDir } = await hubAccess(context);
  const cached = (await cachedModels(cacheDir)).find(({ id }) => id === SAMPLE)?.snapshot;
  const candidates = [...(cached === undefined ? [] : [cached]), path.join(setupCache(), PACKAGED)];
  return candidates.find((dir) => FILES.every((name) => existsSync(path.join(dir, name)))) ?? null;
}

/** The folder that set-up keeps its downloads in, as scripts/setup/places.mjs has it. */
function setupCache({ platform, env } = process): string {
  const home = os.homedir();
  if (env['GRAFT_CACHE']) return path.resolve(env['GRAFT_CACHE']);
  if (platform === 'darwin') return path.join(home, 'Library/Caches/graft');
  if (platform === 'win32')
    return path.join(env['LOCALAPPDATA'] ?? path.join(home, 'AppData/Local'), 'graft/Cache');
  return path.join(env['XDG_CACHE_HOME'] ?? path.join(home, '.cache'), 'graft');
}
