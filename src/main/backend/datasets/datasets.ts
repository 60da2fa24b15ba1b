import type { Handlers } from '../../../shared/contract.ts';
import type { datasetMethods } from '../../../shared/contract/datasets.ts';
import { listDatasets, listVersions, renameDataset, setDatasetRemoved } from '../../storage/datasets.ts';
import { fault } from '../../../shared/faults/index.ts';
import { endText, Threads, type ThreadEnd } from '../../engine/threads/threads.ts';
import type { BackendContext } from '../context.ts';
import { hubDatasetInfo } from '../models/hub-datasets.ts';
import { changeHandlers } from './changes.ts';
import { importHandlers } from './imports.ts';
import { datasetOutput, knownDataset, knownVersion, versionOutput } from './library.ts';
import { checkHash, requirePresent, versionFile } from './presence.ts';
import { Reports } from './reports.ts';
import { datasetTasks } from './tasks.ts';
import { versionHandlers } from './versions.ts';

/** The data sets area: nothing of it looks at rows on the backend's own thread. */
export function datasetHandlers(context: BackendContext): Handlers<keyof typeof datasetMethods> {
  const { db } = context;
  // Rows and previews each have threads of their own: a file that is slow to look at keeps nobody from their rows.
  const threads = new Threads(datasetTasks, { size: 2, deadlineMs: 60_000, ended: tooSlow });
  const previews = new Threads(datasetTasks, { size: 4, deadlineMs: 30_000, ended: tooSlow });
  const abort = new AbortController();
  const reports = new Reports(context, abort.signal);
  context.onClose(async () => {
    abort.abort();
    await Promise.all([threads.close(), previews.close()]);
  });
  const changed = (id: string) => {
    context.emit('datasets/changed', { id });
    return {};
  };
  /** Hashes take seconds on large files: windows are told when one is not what it was. */
  const checkLater = async (datasetId: string): Promise<void> => {
    for (const version of listVersions(db, datasetId)) {
      const isNews = await checkHash(context, version);
      if (isNews) changed(datasetId);
    }
  };

  return {
    ...importHandlers(context, previews, abort.signal),
    ...changeHandlers(context, reports, abort.signal),
    ...versionHandlers(context, threads),
    'datasets/list': () => ({
      datasets: listDatasets(db).map((dataset) => datasetOutput(context, dataset)),
    }),
    'datasets/read': ({ id }) => {
      const dataset = knownDataset(context, id);
      const versions = listVersions(db, id);
      checkLater(id).catch(() => undefined);
      return {
        dataset: datasetOutput(context, dataset, versions),
        versions: versions.map((version) => versionOutput(context, version)),
      };
    },
    'datasets/hub-info': ({ hubId }) => hubDatasetInfo(context, hubId),
    'datasets/report': ({ versionId, modelId, maxLength }) => reports.read(versionId, modelId, maxLength),
    'datasets/lengths': ({ versionId, modelId, maxLength }) => reports.lengths(versionId, modelId, maxLength),
    'datasets/rows': async ({ versionId, modelId, maxLength, ...input }) => {
      const version = knownVersion(context, versionId);
      requirePresent(context, version);
      const wantsFindings = input.finding !== null && input.finding !== 'truncation';
      return threads.ask('rows', {
        ...input,
        file: versionFile(context, version),
        findings: wantsFindings ? await reports.findings(version) : null,
        lengths: reports.lengthsIfMade(version, modelId, maxLength),
      });
    },
    'datasets/rename': ({ id, name }) => {
      knownDataset(context, id);
      renameDataset(db, id, name);
      return changed(id);
    },
    'datasets/remove': ({ id }) => {
      knownDataset(context, id);
      setDatasetRemoved(db, id, Date.now());
      return changed(id);
    },
    'datasets/restore': ({ id }) => {
      knownDataset(context, id);
      setDatasetRemoved(db, id, null);
      return changed(id);
    },
  };
}

const tooSlow = (end: ThreadEnd): Error =>
  end.kind === 'late'
    ? fault('datasets/too-slow', { seconds: end.seconds })
    : new Error(`A thread of the data sets ended: ${endText(end)}.`);
