import type { Export, ExportSource, ExportTarget } from '../../../shared/contract/exports.ts';
import type { Job } from '../../../shared/contract/jobs.ts';
import type { FromEngine } from '../../../shared/engine-protocol.ts';
import { addModel, importGolden } from '../adapters/test-support.ts';
import { inState, seedStore, smallSpec } from '../experiments/test-support.ts';
import type { EngineProcess } from '../host.ts';
import { testBackend, type TestBackend } from '../test-support.ts';

export interface SourceBackend extends TestBackend {
  /** Of the base; a copy that may be changed. */
  modelFolder: string;
  source: ExportSource;
}

/** A backend with a finished run of the tiny model: 62 rows trained on, 20 evaluated. */
export async function trainedBackend(): Promise<SourceBackend> {
  const backend = await testBackend();
  const { modelId, folder: modelFolder } = await addModel(backend);
  const { versionId } = await seedStore(backend);
  const training = { num_train_epochs: 1, save_strategy: 'no', eval_strategy: 'no' };
  const { experiment } = await backend.call('experiments/create', {
    spec: smallSpec({ modelId, versionId }, training, { name: 'Spam?' }),
  });
  const { state, fault } = await inState(backend, experiment.id, 'finished', 'failed', 'interrupted');
  if (state !== 'finished') throw new Error(`The run is ${state}: ${fault?.message ?? ''}`);
  return { ...backend, modelFolder, source: { kind: 'experiment', id: experiment.id } };
}

/** A backend with an adapter that PEFT wrote for the tiny model. */
export async function importedBackend(): Promise<SourceBackend> {
  const backend = await testBackend();
  const { modelId, folder: modelFolder } = await addModel(backend);
  const { id } = await importGolden(backend, modelId, 'lora-qv');
  return { ...backend, modelFolder, source: { kind: 'adapter', id } };
}

/** Exports and waits for the job's end. */
export async function exported(
  backend: SourceBackend,
  folder: string,
  targets: ExportTarget[],
): Promise<{ export: Export; job: Job }> {
  const { source } = backend;
  const started = await backend.call('exports/start', { source, name: 'Winner', targets, folder });
  const job = await backend.context.jobs.finished(started.export.jobId!);
  return { ...(await backend.call('exports/read', { id: started.export.id })), job };
}

/** In place of the real engine: says `messages` when it is given its job, then ends by a signal if one is named. */
export function standInEngine(messages: readonly FromEngine[], signal: string | null = null): EngineProcess {
  let tell: (message: unknown) => void = () => undefined;
  let exit: (code: number | null, signal: string | null) => void = () => undefined;
  return {
    pid: undefined,
    send: () => {
      for (const message of messages) setImmediate(() => tell(message));
      if (signal !== null) setImmediate(() => exit(null, signal));
    },
    onMessage: (listener) => (tell = listener),
    onExit: (listener) => (exit = listener),
    kill: () => void setImmediate(() => exit(0, null)),
  };
}

/** Repeats the proofs and waits for the job's end. */
export async function verified(backend: TestBackend, id: string): Promise<Export> {
  const { jobId } = await backend.call('exports/verify', { id });
  const job = await backend.context.jobs.finished(jobId);
  if (job.state !== 'done') throw new Error(`The job is ${job.state}: ${job.fault?.message ?? ''}`);
  return (await backend.call('exports/read', { id })).export;
}

/** What became of each target. */
export const statesOf = (made: Export): Partial<Record<ExportTarget, string>> =>
  Object.fromEntries(made.targets.map(({ target, state }) => [target, state]));
