import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { openDatabase } from '../storage/database.ts';
import { lockWorkspace, type Holder, type WorkspaceLock } from '../storage/workspace-lock.ts';
import { openWorkspace } from '../storage/workspace.ts';
import { adapterHandlers } from './adapters/adapters.ts';
import { App } from './app.ts';
import { compareHandlers } from './compare/compare.ts';
import type { BackendContext } from './context.ts';
import { datasetHandlers } from './datasets/datasets.ts';
import { experimentHandlers } from './experiments/experiments.ts';
import { exportHandlers } from './exports/exports.ts';
import { homeHandlers } from './home.ts';
import type { Host } from './host.ts';
import { Jobs } from './jobs/jobs.ts';
import { modelHandlers } from './models/models.ts';
import { sampleHandlers } from './open-sample.ts';
import { playgroundHandlers } from './playground/playground.ts';
import { preflightHandlers } from './preflight/preflight.ts';
import { Timings } from './preflight/timing.ts';
import { scriptHandlers } from './scripts/scripts.ts';
import { systemHandlers } from './system/system.ts';

export interface Backend {
  app: App;
  context: BackendContext;
  /** Stops what runs so that it can go on later, and closes the files. */
  close(): Promise<void>;
}

/**
 * A backend that has its workspace for itself: its lock goes when it is closed, and `announce` tells later starts where
 * it is. Or who has the workspace. Throws `store/…`.
 */
export async function openAlone(
  dir: string,
  host: Host,
): Promise<(Backend & { announce: WorkspaceLock['announce'] }) | { holder: Holder }> {
  const { lock, holder } = await lockWorkspace(dir);
  if (holder) return { holder };
  try {
    const backend = await openBackend(dir, host);
    const close = async (): Promise<void> => {
      await backend.close();
      lock.release();
    };
    return { ...backend, announce: (holder) => lock.announce(holder), close };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** All application logic over one workspace. Throws `store/…`. */
export async function openBackend(dir: string, host: Host): Promise<Backend> {
  const workspace = openWorkspace(dir);
  const db = openDatabase(workspace.database);
  if (existsSync(workspace.temporary)) await rm(workspace.temporary, { recursive: true, force: true });
  openWorkspace(dir);
  const app = new App();
  const jobs = new Jobs((job) => app.emit('jobs/changed', job));
  const closing: (() => Promise<void>)[] = [];
  const context: BackendContext = {
    workspace,
    db,
    host,
    jobs,
    emit: app.emit,
    onClose: (work) => void closing.push(work),
  };
  app.add(jobs.handlers);
  app.add(modelHandlers(context));
  app.add(datasetHandlers(context));
  const timings = new Timings(context);
  const experiments = experimentHandlers(context, timings);
  app.add(experiments);
  app.add(compareHandlers(context, experiments, app));
  app.add(adapterHandlers(context, app));
  app.add(exportHandlers(context));
  app.add(preflightHandlers(context, timings));
  app.add(playgroundHandlers(context));
  app.add(scriptHandlers(context));
  const list = async () => (await experiments['experiments/list']({ archived: false })).experiments;
  app.add(systemHandlers(context, list));
  app.add(homeHandlers(context, list));
  app.add(sampleHandlers(context));
  return {
    app,
    context,
    close: async () => {
      await jobs.close();
      for (const work of closing.reverse()) await work();
      db.close();
    },
  };
}
