import { createHash } from 'node:crypto';
import path from 'node:path';
import type { OutputOf } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import { isFile } from '../../engine/hub/cache.ts';
import { listDataset, type HubSplit } from '../../engine/hub/dataset-files.ts';
import { fetchFiles } from '../../engine/hub/download-model.ts';
import { discardPart } from '../../engine/hub/download.ts';
import { hubClient } from '../../engine/hub/hub-fetch.ts';
import { datasetRepository } from '../../engine/hub/repository.ts';
import type { BackendContext } from '../context.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { downloadProgress, hubAccess, pausable } from './hub-access.ts';

/** What a data set of the hub has, before anything of it is fetched. Throws `hub/…`. */
export async function hubDatasetInfo(
  context: BackendContext,
  hubId: string,
): Promise<OutputOf<'datasets/hub-info'>> {
  const client = hubClient(await hubAccess(context), datasetRepository(hubId));
  const { id, licence, gated, configs } = await listDataset(client);
  return {
    hubId: id,
    licence,
    gated,
    configs: configs.map(({ name, splits }) => ({
      name,
      splits: splits.map((split) => ({
        name: split.name,
        bytes: split.files.reduce((sum, { size }) => sum + size, 0),
        files: split.files.length,
        rows: split.rows,
      })),
    })),
  };
}

/**
 * Fetches the Parquet files of some splits into the workspace's temporary folder, in order, each checked against the
 * hub's hash; a pause cuts the connection and keeps what arrived, a cancel deletes it. Whoever has read the files may
 * delete them. Throws `hub/…`, `files/…`.
 */
export async function fetchHubDataset(
  context: BackendContext,
  { hubId, config, splits }: { hubId: string; config: string; splits: readonly string[] },
  control: JobControl,
): Promise<{ files: { path: string; split: string }[]; classNames: Record<string, string[]> }> {
  const environment = await hubAccess(context);
  const repository = datasetRepository(hubId);
  const { wanted, classNames } = await pausable(control, async (signal) => {
    const { configs } = await listDataset(hubClient(environment, repository, signal));
    const found = configs.find(({ name }) => name === config);
    const available = found?.splits ?? [];
    return {
      wanted: splits.flatMap((split) => filesOf(hubId, config, split, available)),
      classNames: found?.classNames ?? {},
    };
  });
  const folder = path.join(context.workspace.temporary, 'hub', shortHash(hubId));
  const targets = wanted.map((file) => ({ ...file, target: path.join(folder, `${file.etag}.parquet`) }));
  try {
    await pausable(control, async (signal) => {
      const there = await Promise.all(targets.map(({ target }) => isFile(target)));
      const missing = targets.filter((_, i) => !there[i]);
      await fetchFiles(hubClient(environment, repository, signal), missing, {
        folder,
        there: targets.reduce((sum, { size }, i) => sum + (there[i] ? size : 0), 0),
        onProgress: downloadProgress(control),
      });
    });
  } catch (error) {
    if (control.signal.aborted) for (const { target } of targets) await discardPart(target);
    throw error;
  }
  return { files: targets.map(({ target, split }) => ({ path: target, split })), classNames };
}

function filesOf(
  id: string,
  config: string,
  split: string,
  available: readonly HubSplit[],
): (HubSplit['files'][number] & { split: string })[] {
  const found = available.find(({ name }) => name === split);
  if (found === undefined) {
    throw fault('hub/no-split', { id, config, split, available: available.map(({ name }) => name) });
  }
  return found.files.map((file) => ({ ...file, split }));
}

const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16);
