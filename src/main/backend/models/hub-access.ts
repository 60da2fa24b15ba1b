import { realpath } from 'node:fs/promises';
import { cachedSnapshot } from '../../engine/hub/cache.ts';
import type { DownloadProgress } from '../../engine/hub/download-model.ts';
import { hubEnvironment, type HubEnvironment } from '../../engine/hub/environment.ts';
import type { BackendContext } from '../context.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { hubTokenName, readPreferences } from '../system/preferences.ts';

/**
 * Where the hub is and who asks: the address of Settings, else HF_ENDPOINT; the token of the key store, else HF_TOKEN,
 * else the one that `hf auth login` left. Throws `hub/endpoint`.
 */
export async function hubAccess({ db, host }: BackendContext): Promise<HubEnvironment> {
  const { hubEndpoint } = readPreferences(db);
  const token = await host.secrets.read(hubTokenName);
  return hubEnvironment({
    ...process.env,
    ...(hubEndpoint.trim() !== '' && { HF_ENDPOINT: hubEndpoint }),
    ...(token !== null && { HF_TOKEN: token }),
  });
}

/** The model and commit of a folder that is a snapshot in the Hugging Face cache; null for any other folder. */
export async function snapshotIn(
  { cacheDir }: HubEnvironment,
  folder: string,
): Promise<{ id: string; commit: string } | null> {
  const real = (place: string) => realpath(place).catch(() => place);
  return cachedSnapshot(await real(cacheDir), await real(folder));
}

/**
 * Does work that a pause of its job cuts off: once the job goes on, it is begun again and finds what it had kept.
 * Throws what `work` throws.
 */
export async function pausable<T>(
  control: JobControl,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  for (;;) {
    await control.unpaused();
    const pause = new AbortController();
    control.onPause(() => pause.abort(new Error('paused')));
    try {
      return await work(AbortSignal.any([control.signal, pause.signal]));
    } catch (error) {
      if (control.signal.aborted || !pause.signal.aborted) throw error;
    }
  }
}

/** Tells windows how far a download is. */
export const downloadProgress =
  (control: JobControl) =>
  ({ file, done, total, checking }: DownloadProgress): void =>
    control.progress({
      phase: checking ? `Checking ${file}` : 'Downloading',
      ...{ done: done / 1e6, total: total / 1e6, unit: 'MB' },
    });
