import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { EventName, EventOf, InputOf, MethodName, OutputOf } from '../../../shared/contract.ts';
import { methods } from '../../../shared/contract.ts';
import type { Job } from '../../../shared/contract/jobs.ts';
import type { Model } from '../../../shared/contract/models.ts';
import { Fault } from '../../../shared/faults/index.ts';
import { temporaryFolder } from '../../engine/formats/test-support.ts';
import { bert, modelFiles, startHub } from '../../engine/hub/test-hub.ts';
import type { TestHub, TestHubContents } from '../../engine/hub/test-hub-server.ts';
import { openDatabase } from '../../storage/database.ts';
import { openWorkspace } from '../../storage/workspace.ts';
import { App } from '../app.ts';
import type { BackendContext } from '../context.ts';
import { Jobs } from '../jobs/jobs.ts';
import { windowlessHost } from '../host.ts';
import { modelHandlers } from './models.ts';

export interface OpenModels {
  context: BackendContext;
  cache: string;
  /** As a window calls it. Throws the fault that comes back. */
  call: <Name extends MethodName>(name: Name, input: InputOf<Name>) => Promise<OutputOf<Name>>;
  /** The next event of a kind that fits. */
  next: <Name extends EventName>(
    name: Name,
    fits?: (data: EventOf<Name>) => boolean,
  ) => Promise<EventOf<Name>>;
}

/** The models of an empty workspace, with an empty Hugging Face cache; what is asked of the hub goes to `hub`. */
export async function openModels(hub?: TestHub): Promise<OpenModels> {
  const cache = await temporaryFolder();
  const variables = {
    HF_HUB_CACHE: cache,
    HF_ENDPOINT: hub?.endpoint ?? 'http://127.0.0.1:9',
    HF_TOKEN: '',
    HF_HUB_DISABLE_IMPLICIT_TOKEN: '1',
    HF_HUB_OFFLINE: '',
    GRAFT_CACHE: join(cache, 'graft'),
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const workspace = openWorkspace(await temporaryFolder());
  const app = new App();
  const closing: (() => Promise<void>)[] = [];
  const context: BackendContext = {
    workspace,
    db: openDatabase(workspace.database),
    jobs: new Jobs((job) => app.emit('jobs/changed', job)),
    emit: app.emit,
    onClose: (work) => void closing.push(work),
    host: windowlessHost(
      'cli',
      () => {
        throw new Error('Nothing here starts an engine.');
      },
      true,
    ),
  };
  app.add(context.jobs.handlers);
  app.add(modelHandlers(context));
  onTestFinished(async () => {
    await context.jobs.close();
    for (const work of closing) await work();
    context.db.close();
    vi.unstubAllEnvs();
  });
  return {
    context,
    cache,
    call: async (name, input) => {
      const reply = await app.answer({ id: 1, method: name, input });
      if (reply !== undefined && 'fault' in reply) throw new Fault(reply.fault.code, reply.fault);
      return methods[name].output.parse(reply?.output) as OutputOf<typeof name>;
    },
    next: (name, fits = () => true) =>
      new Promise((resolve) => {
        const stop = app.onEvent(({ event, data }) => {
          if (event !== name || !fits(data as EventOf<typeof name>)) return;
          stop();
          resolve(data as EventOf<typeof name>);
        });
      }),
  };
}

/** A hub with the golden model, with an adapter-free name, and the models of a workspace that asks it. */
export async function withHub(contents: Partial<TestHubContents> = {}) {
  const hub = await startHub({ models: { 'org/name': { files: await modelFiles() } }, ...contents });
  return { hub, ...(await openModels(hub)) };
}

/** A copy of the golden model that a test may change. */
export async function ownModel(): Promise<string> {
  const folder = join(await temporaryFolder(), 'tiny');
  await cp(bert, folder, { recursive: true });
  return folder;
}

/** Downloads a model and waits for the job's end. */
export async function download({ call, context }: OpenModels, hubId: string): Promise<Job> {
  const { jobId } = await call('models/download', { hubId });
  return context.jobs.finished(jobId);
}

/** The one model of the list once its weights are hashed. */
export async function hashed({ call, next }: OpenModels): Promise<Model> {
  for (;;) {
    const changed = next('models/changed');
    const [model] = (await call('models/list', {})).models;
    if (model !== undefined && model.sha256 !== null) return model;
    await changed;
  }
}
