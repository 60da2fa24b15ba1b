import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { ParsedInputOf } from '../../../shared/contract.ts';
import type { ExportTarget } from '../../../shared/contract/exports.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { writeFolderAtomic } from '../../engine/formats/atomic.ts';
import type { ExportStore, TargetChange } from '../../storage/exports.ts';
import { trainedLength } from '../adapters/base.ts';
import type { BackendContext } from '../context.ts';
import { changedSettings } from '../experiments/changed-settings.ts';
import { filesIn } from '../experiments/run-folder.ts';
import { progressTo, runEngineJob, wayOf } from '../jobs/engine-run.ts';
import { faultValue, type JobControl } from '../jobs/jobs.ts';
import { writeScriptFolder } from '../scripts/scripts.ts';
import { targetFolder } from './export-folder.ts';
import { hashed, proofOf, targetEventSchema } from './proof.ts';
import { saveProofRows, type TrainedSource } from './source.ts';

/** An export that is in the store, and what it takes to write it. */
export interface ExportPlan {
  id: string;
  request: ParsedInputOf<'exports/start'>;
  source: TrainedSource;
  /** Folders of base and adapter; null where only a script is wanted. */
  model: { model: string; adapter: string; name: string } | null;
  /** What the engine makes, in the order asked for. */
  engineTargets: ExportTarget[];
}

/** How long an engine may take to stop by itself: it ends what it writes and what it asked of other processes. */
const STOP_MS = 15_000;

/**
 * Writes and proves an export, and keeps in the store what became of each target; what was not begun when it is
 * cancelled, and what is half written, is left to the caller. Throws the job's faults, `exports/engine-ended`,
 * `exports/engine-memory`, and the signal's reason.
 */
export async function writeExport(
  context: BackendContext,
  store: ExportStore,
  plan: ExportPlan,
  control: JobControl,
  changed: () => void,
): Promise<void> {
  const { id, request, engineTargets } = plan;
  const { signal } = control;
  const update: Update = (target, change) => {
    store.update(id, target, change);
    changed();
  };
  const keepHashes = async (files: readonly string[]): Promise<void> =>
    store.putHashes(id, await Promise.all(files.map(hashed)));
  try {
    if (request.targets.includes('script')) await writeScript(context, plan, update, keepHashes);
    signal.throwIfAborted();
    if (engineTargets.length > 0) await runEngine(context, plan, control, update, keepHashes);
    signal.throwIfAborted();
  } catch (error) {
    // What is still to be written is refused.
    const open = signal.aborted ? [] : store.read(id).targets;
    for (const { target, state } of open)
      if (state === 'waiting' || state === 'writing')
        update(target, { state: 'refused', reason: sentenceOf(error) });
    throw error;
  }
}

type Update = (target: ExportTarget, change: TargetChange) => void;
type KeepHashes = (files: readonly string[]) => Promise<void>;

async function runEngine(
  context: BackendContext,
  { id, request, source, model, engineTargets }: ExportPlan,
  control: JobControl,
  update: Update,
  keepHashes: KeepHashes,
): Promise<void> {
  const begun = new Map<ExportTarget, number>();
  const onTarget = async (event: z.infer<typeof targetEventSchema>): Promise<void> => {
    const { target, state, folder, bytes, reason, outcome, snippets } = event;
    if (state === 'writing') {
      begun.set(target, performance.now());
      return update(target, { state, folder });
    }
    const change: TargetChange = { state, folder, bytes, reason, snippets };
    if (outcome) change.proof = proofOf(outcome);
    const start = begun.get(target);
    if (state === 'passed') {
      if (start !== undefined) change.seconds = (performance.now() - start) / 1000;
      change.verifiedAt = Date.now();
      await keepHashes([path.join(folder, 'verification.json')]);
    }
    update(target, change);
  };
  const rows = path.join(context.workspace.temporary, `${id}.jsonl`);
  const tellProgress = progressTo(control);
  let told = Promise.resolve();
  try {
    control.progress({ phase: 'Collecting rows for the proof', done: 0, total: 0, unit: '' });
    const hasRows = await saveProofRows(context, source, rows);
    await runEngineJob({
      host: context.host,
      job: 'export',
      input: {
        model: model!.model,
        adapter: model!.adapter,
        output: request.folder,
        targets: engineTargets,
        precision: request.precision,
        mostPointsLost: request.mostPointsLost,
        pooling: request.pooling,
        overwrite: request.overwrite,
        verify: hasRows ? rows : null,
        maxLength: trainedLength(context.db, source.adapter),
        names: { export: request.name, model: model!.name, data: source.dataName },
        settings: source.run && toldSettings(source.run.config),
      },
      signal: control.signal,
      stopMs: STOP_MS,
      ended: (end) =>
        end.kind === 'memory'
          ? fault('exports/engine-memory', {})
          : fault('exports/engine-ended', { how: wayOf(end) }),
      onMessage: (message) => {
        tellProgress(message);
        const event = message.type === 'event' ? targetEventSchema.safeParse(message.event).data : undefined;
        if (!event) return;
        told = told.then(() => onTarget(event));
        // Thrown where it is awaited: minutes from now.
        told.catch(() => undefined);
      },
    });
  } finally {
    try {
      await told;
    } finally {
      await rm(rows, { force: true });
    }
  }
}

async function writeScript(
  context: BackendContext,
  { request, source }: ExportPlan,
  update: Update,
  keepHashes: KeepHashes,
): Promise<void> {
  if (!source.run) return;
  const { id } = source.run;
  const folder = targetFolder(request.folder, 'script');
  update('script', { state: 'writing', folder });
  const fill = async (temporary: string): Promise<void> =>
    void (await writeScriptFolder(context, id, temporary));
  try {
    await writeFolderAtomic(folder, fill, { replace: request.overwrite });
    const files = await filesIn(folder);
    await keepHashes(files.map((file) => file.path));
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    update('script', { state: 'passed', bytes, verifiedAt: Date.now() });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    update('script', { state: 'refused', reason: sentenceOf(error) });
  }
}

const trainingOf = z.object({ training: z.record(z.string(), z.unknown()) });
/** Those that a reader of a card asks for, whatever they are. */
const ALWAYS = ['learning_rate', 'num_train_epochs', 'per_device_train_batch_size', 'seed'];

/** Training arguments of a run that differ from their defaults, and those that everybody asks for. */
function toldSettings(config: Record<string, unknown>): Record<string, unknown> {
  const changed = changedSettings(config).flatMap((name) => /^training\.([^.]+)$/.exec(name)?.[1] ?? []);
  const told = new Set([...ALWAYS, ...changed]);
  const { training = {} } = trainingOf.safeParse(config).data ?? {};
  return Object.fromEntries(Object.entries(training).filter(([name]) => told.has(name)));
}

function sentenceOf(error: unknown): string {
  const { message, remedy } = faultValue('The export', error);
  return `${message} ${remedy}`;
}
