import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import type { Handlers } from '../../../shared/contract.ts';
import type { datasetMethods } from '../../../shared/contract/datasets.ts';
import {
  listDatasets,
  listVersions,
  renameDataset,
  setDatasetRemoved,
  setVersionRemoved,
  type VersionRow,
} from '../../storage/datasets.ts';
import { fault } from '../../../shared/faults/index.ts';
import { endText, runTask, Threads, type ThreadEnd } from '../../engine/threads/threads.ts';
import type { BackendContext } from '../context.ts';
import { told } from '../jobs/jobs.ts';
import { hubDatasetInfo } from '../models/hub-datasets.ts';
import { changeHandlers } from './changes.ts';
import { importHandlers } from './imports.ts';
import {
  datasetOutput,
  knownDataset,
  knownVersion,
  presentVersion,
  versionOutput,
  versionRecord,
  versionTitle,
} from './library.ts';
import { checkHash, versionFile } from './presence.ts';
import { Reports } from './reports.ts';
import { datasetTasks } from './tasks.ts';

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
  const change = (id: string, work: () => void = () => undefined): void => {
    knownDataset(context, id);
    work();
    context.emit('datasets/changed', { id });
  };
  const setRemoved = ({ id, datasetId }: VersionRow, at: number | null) =>
    change(datasetId, () => setVersionRemoved(db, id, at));
  /** Hashes take seconds on large files: windows are told when one is not what it was. */
  const checkLater = async (datasetId: string): Promise<void> => {
    for (const version of listVersions(db, datasetId)) {
      const isNews = await checkHash(context, version);
      if (isNews) change(datasetId);
    }
  };

  return {
    ...importHandlers(context, previews, abort.signal),
    ...changeHandlers(context, reports, abort.signal),
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
      const version = presentVersion(context, versionId);
      const wantsFindings = input.finding !== null && input.finding !== 'truncation';
      return threads.ask('rows', {
        ...input,
        file: versionFile(context, version),
        findings: wantsFindings ? await reports.findings(version) : null,
        lengths: reports.lengthsIfMade(version, modelId, maxLength),
      });
    },
    'datasets/rename': ({ id, name }) => change(id, () => renameDataset(db, id, name)),
    'datasets/remove': ({ id }) => change(id, () => setDatasetRemoved(db, id, Date.now())),
    'datasets/restore': ({ id }) => change(id, () => setDatasetRemoved(db, id, null)),
    'datasets/compare-versions': ({ fromId, toId }) => {
      const [from, to] = [versionRecord(context, fromId), versionRecord(context, toId)];
      if (from.datasetId !== to.datasetId) throw fault('datasets/other-dataset', {});
      return threads.ask('compare', { from: from.file, to: to.file });
    },
    'datasets/export-version': ({ versionId, path: given, format, overwrite }) => {
      const version = versionRecord(context, versionId);
      const path = resolve(given);
      const ending = `.${format}`;
      if (extname(path).toLowerCase() !== ending) throw fault('datasets/export-type', { file: path, ending });
      if (existsSync(path) && !overwrite) throw fault('datasets/export-exists', { file: path });
      return context.jobs.begin({
        kind: 'export',
        title: `Writing ${versionTitle(version)} to ${basename(path)}`,
        work: async (control) => {
          await runTask(datasetTasks, 'export', { file: version.file, path, format }, told(control));
          return path;
        },
      });
    },
    'datasets/remove-version': ({ versionId }) => {
      const version = knownVersion(context, versionId);
      if (listVersions(db, version.datasetId).every(({ id }) => id === versionId)) {
        throw fault('datasets/last-version', { name: version.datasetName });
      }
      return setRemoved(version, Date.now());
    },
    'datasets/restore-version': ({ versionId }) => setRemoved(knownVersion(context, versionId), null),
  };
}

const tooSlow = (end: ThreadEnd): Error =>
  end.kind === 'late'
    ? fault('datasets/too-slow', { seconds: end.seconds })
    : new Error(`A thread of the data sets ended: ${endText(end)}.`);
