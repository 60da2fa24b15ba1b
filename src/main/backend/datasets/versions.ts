import { existsSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import type { Handlers } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import { runTask, type Threads } from '../../engine/threads/threads.ts';
import { listVersions, setVersionRemoved } from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';
import { told } from '../jobs/jobs.ts';
import { knownVersion, versionRecord, versionTitle } from './library.ts';
import { datasetTasks, type tasks } from './tasks.ts';

type Names =
  | 'datasets/compare-versions'
  | 'datasets/export-version'
  | 'datasets/remove-version'
  | 'datasets/restore-version';

/** What is done with the versions of a data set as a whole. */
export function versionHandlers(context: BackendContext, threads: Threads<typeof tasks>): Handlers<Names> {
  const { db, emit } = context;
  const setRemoved = (versionId: string, at: number | null) => {
    const { datasetId } = knownVersion(context, versionId);
    setVersionRemoved(db, versionId, at);
    emit('datasets/changed', { id: datasetId });
    return {};
  };
  return {
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
      const job = context.jobs.start({
        kind: 'export',
        title: `Writing ${versionTitle(version)} to ${basename(path)}`,
        work: async (control) => {
          await runTask(datasetTasks, 'export', { file: version.file, path, format }, told(control));
          return path;
        },
      });
      return { jobId: job.id };
    },
    'datasets/remove-version': ({ versionId }) => {
      const version = knownVersion(context, versionId);
      if (listVersions(db, version.datasetId).every(({ id }) => id === versionId)) {
        throw fault('datasets/last-version', { name: version.datasetName });
      }
      return setRemoved(versionId, Date.now());
    },
    'datasets/restore-version': ({ versionId }) => setRemoved(versionId, null),
  };
}
