import path from 'node:path';
import { CachedModel } from '../../engine/hub/cache.ts';
import {
  downloadModel,
  planDownload,
  removeParts,
  type DownloadPlan,
} from '../../engine/hub/download-model.ts';
import type { HubEnvironment } from '../../engine/hub/environment.ts';
import { hubClient } from '../../engine/hub/hub-fetch.ts';
import { modelFacts } from '../../engine/hub/model-facts.ts';
import { modelRepository, repositoryName, type Repository } from '../../engine/hub/repository.ts';
import { cachedCopy } from '../../engine/hub/resolve-model.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { Model } from '../../../shared/contract/models.ts';
import type { BackendContext } from '../context.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { downloadProgress, hubAccess, pausable } from './hub-access.ts';
import { judgeConfig, readConfig } from './hub-models.ts';
import type { ModelLibrary } from './library.ts';

interface Fetched {
  folder: string;
  licence: string | null;
  sha256: string | null;
}

/** Downloads; a second request for a model and revision gets the first one's job. */
export class Downloads {
  private readonly context: BackendContext;
  private readonly library: ModelLibrary;

  constructor(context: BackendContext, library: ModelLibrary) {
    this.context = context;
    this.library = library;
  }

  /** Starts a job whose result is the model's id. Throws `hub/not-an-id`. */
  start(hubId: string): string {
    const repository = modelRepository(hubId);
    const name = repositoryName(repository);
    return this.context.jobs.start({
      kind: 'download',
      key: `download ${name}`,
      title: `Downloading ${name}`,
      canPause: true,
      work: async (control) => (await this.download(repository, control)).id,
    }).id;
  }

  /** Takes a model from the Hugging Face cache, or fetches it there, and adds it. Throws `hub/…`, `models/…`. */
  async download(repository: Repository, control: JobControl): Promise<Model> {
    const environment = await hubAccess(this.context);
    const cache = new CachedModel(environment.cacheDir, repository.id);
    const { snapshot, whole } = await cachedCopy(cache, repository.revision);
    const isCached = snapshot !== null && (whole || environment.offline);
    const fetched = isCached
      ? { folder: snapshot, licence: null, sha256: null }
      : await this.fetch(environment, repository, cache, control);
    control.progress({ phase: 'Reading', done: 0, total: 0, unit: '' });
    return this.library.add(fetched.folder, {
      name: repositoryName(repository),
      source: isCached ? 'cache' : 'hub',
      hubId: repository.id,
      revision: path.basename(fetched.folder),
      licence: fetched.licence,
      sha256: fetched.sha256,
    });
  }

  private async fetch(
    environment: HubEnvironment,
    repository: Repository,
    cache: CachedModel,
    control: JobControl,
  ): Promise<Fetched> {
    const client = (signal: AbortSignal) => hubClient(environment, repository, signal);
    const { plan, licence } = await pausable(control, async (signal) => {
      const plan = await planDownload(client(signal));
      const { licence } = await modelFacts(client(signal));
      const config = await readConfig(client(signal), plan);
      const name = repositoryName(repository);
      const unsupported = config && (await judgeConfig(this.context, this.library.reader, name, config));
      if (unsupported !== null && unsupported !== '')
        throw fault('models/not-trainable', { name, unsupported });
      return { plan, licence };
    });
    try {
      const folder = await pausable(control, (signal) =>
        downloadModel(client(signal), cache, plan, {
          onProgress: downloadProgress(control),
        }),
      );
      return { folder, licence, sha256: checkedHash(plan) };
    } catch (error) {
      if (control.signal.aborted) await removeParts(cache, plan.files);
      throw error;
    }
  }
}

/** The hash of the weights where they are one file: it was checked when the file arrived. */
function checkedHash({ files }: DownloadPlan): string | null {
  const weights = files.filter(({ name }) => /\.(safetensors|bin)$/.test(name));
  const [only] = weights;
  return weights.length === 1 && only?.etag.length === 64 ? only.etag : null;
}
