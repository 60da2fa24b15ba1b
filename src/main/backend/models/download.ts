import path from 'node:path';
import { CachedModel } from '../../engine/hub/cache.ts';
import {
  downloadModel,
  planDownload,
  removeParts,
  type DownloadPlan,
} from '../../engine/hub/download-model.ts';
import { hubClient, type HubClient } from '../../engine/hub/hub-fetch.ts';
import { hubModelInfo } from '../../engine/hub/model-info.ts';
import { modelRepository, repositoryName, type Repository } from '../../engine/hub/repository.ts';
import { cachedCopy } from '../../engine/hub/resolve-model.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { Model } from '../../../shared/contract/models.ts';
import type { BackendContext } from '../context.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { downloadProgress, hubAccess, pausable } from './hub-access.ts';
import { judgeModel, readConfig } from './hub-models.ts';
import type { ModelLibrary } from './library.ts';

/** Starts a job whose result is the model's id; one that runs already is given again. Throws `hub/not-an-id`. */
export function startDownload(context: BackendContext, library: ModelLibrary, hubId: string): string {
  const repository = modelRepository(hubId);
  const name = repositoryName(repository);
  return context.jobs.start({
    kind: 'download',
    key: `download ${name}`,
    title: `Downloading ${name}`,
    canPause: true,
    work: async (control) => (await fetchModel(context, library, repository, control)).id,
  }).id;
}

/** Takes a model from the Hugging Face cache, or fetches it there, and adds it. Throws `hub/…`, `models/…`. */
export async function fetchModel(
  context: BackendContext,
  library: ModelLibrary,
  repository: Repository,
  control: JobControl,
): Promise<Model> {
  const environment = await hubAccess(context);
  const cache = new CachedModel(environment.cacheDir, repository.id);
  const { snapshot, complete } = await cachedCopy(cache, repository.revision);
  const isCached = snapshot !== null && (complete || environment.offline);
  const name = repositoryName(repository);
  const client = (signal: AbortSignal) => hubClient(environment, repository, signal);
  const fetched = isCached
    ? { folder: snapshot, licence: null, sha256: null }
    : await download(client, cache, control, async (config, hub, plan) => {
        const unsupported = await judgeModel(context, library.reader, hub, plan, config);
        if (unsupported !== null) throw fault('models/not-trainable', { name, unsupported });
      });
  control.progress({ phase: 'Reading', done: 0, total: 0, unit: '' });
  const { folder, licence, sha256 } = fetched;
  return library.add(folder, {
    ...{ name, licence, sha256, source: isCached ? 'cache' : 'hub' },
    ...{ hubId: repository.id, revision: path.basename(folder) },
  });
}

/** `judge`: refuses a model by its small files before its weights are fetched. */
async function download(
  client: (signal: AbortSignal) => HubClient,
  cache: CachedModel,
  control: JobControl,
  judge: (config: string, client: HubClient, plan: DownloadPlan) => Promise<void>,
): Promise<{ folder: string; licence: string | null; sha256: string | null }> {
  const { plan, licence } = await pausable(control, async (signal) => {
    const plan = await planDownload(client(signal));
    const { licence } = await hubModelInfo(client(signal));
    const config = await readConfig(client(signal), plan);
    if (config) await judge(config, client(signal), plan);
    return { plan, licence };
  });
  try {
    const onProgress = downloadProgress(control);
    const folder = await pausable(control, (signal) =>
      downloadModel(client(signal), cache, plan, { onProgress }),
    );
    return { folder, licence, sha256: checkedHash(plan) };
  } catch (error) {
    if (control.signal.aborted) await removeParts(cache, plan.files);
    throw error;
  }
}

/** The hash of the weights where they are one file: it was checked when the file arrived. */
function checkedHash({ files }: DownloadPlan): string | null {
  const weights = files.filter(({ name }) => /\.(safetensors|bin)$/.test(name));
  const [only] = weights;
  return weights.length === 1 && only?.etag.length === 64 ? only.etag : null;
}
