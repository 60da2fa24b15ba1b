import { rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { ParsedInputOf } from '../../../shared/contract.ts';
import type { ExportTarget } from '../../../shared/contract/exports.ts';
import { Fault } from '../../../shared/faults/index.ts';
import { writeFolderAtomic } from '../../engine/formats/atomic.ts';
import type { ExportStore, TargetChange } from '../../storage/exports.ts';
import { trainedLength } from '../adapters/base.ts';
import type { BackendContext } from '../context.ts';
import { changedSettings } from '../experiments/changed-settings.ts';
import { hashFile } from '../../engine/hub/hash-file.ts';
import { filesIn } from '../experiments/run-folder.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { faultValue } from '../jobs/jobs.ts';
import { writeScriptFolder } from '../scripts/scripts.ts';
import { exportInEngine } from './engine-export.ts';
import type { TargetEvent } from './engine-job.ts';
import { targetFolder } from './place.ts';
import { proofOf } from './proof.ts';
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

/**
 * Writes and proves an export, and keeps in the store what became of each target; what was not begun when it is
 * cancelled, and what is half written, is left to the caller. Throws as the engine's job does.
 */
export class ExportWriter {
  private readonly context: BackendContext;
  private readonly store: ExportStore;
  private readonly plan: ExportPlan;
  private readonly changed: () => void;
  private readonly begun = new Map<ExportTarget, number>();

  constructor(context: BackendContext, store: ExportStore, plan: ExportPlan, changed: () => void) {
    this.context = context;
    this.store = store;
    this.plan = plan;
    this.changed = changed;
  }

  async write(control: JobControl): Promise<void> {
    const { request, engineTargets } = this.plan;
    const { signal } = control;
    try {
      if (request.targets.includes('script')) await this.writeScript();
      signal.throwIfAborted();
      if (engineTargets.length > 0) await this.runEngine(control);
      signal.throwIfAborted();
    } catch (error) {
      if (!signal.aborted) this.refuseOpen(sentenceOf(error));
      throw error;
    }
  }

  private async runEngine(control: JobControl): Promise<void> {
    const { context } = this;
    const { id, request, source, model, engineTargets } = this.plan;
    const rows = path.join(context.workspace.temporary, `${id}.jsonl`);
    const { run, dataName } = source;
    let told = Promise.resolve();
    try {
      control.progress({ phase: 'Collecting rows for the proof', done: 0, total: 0, unit: '' });
      const hasRows = await saveProofRows(context, source, rows);
      await exportInEngine(
        context.host,
        {
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
          names: { export: request.name, model: model!.name, data: dataName },
          settings: run && toldSettings(run.config),
        },
        control,
        (event) => {
          told = told.then(() => this.onTarget(event));
          // Thrown where it is awaited: minutes from now.
          told.catch(() => undefined);
        },
      );
    } finally {
      try {
        await told;
      } finally {
        await rm(rows, { force: true });
      }
    }
  }

  private async onTarget(event: TargetEvent): Promise<void> {
    const { target, state, folder, bytes, reason, outcome, snippets } = event;
    if (state === 'writing') {
      this.begun.set(target, performance.now());
      return this.update(target, { state, folder });
    }
    const begun = this.begun.get(target);
    const change: TargetChange = { state, folder, bytes, reason, snippets };
    if (outcome) change.proof = proofOf(outcome);
    if (state === 'passed' && begun !== undefined) change.seconds = (performance.now() - begun) / 1000;
    if (state === 'passed') {
      change.verifiedAt = Date.now();
      await this.keepHashes([path.join(folder, 'verification.json')]);
    }
    this.update(target, change);
  }

  private async writeScript(): Promise<void> {
    const { request, source } = this.plan;
    const folder = targetFolder(request.folder, 'script');
    if (!source.run) return;
    this.update('script', { state: 'writing', folder });
    const { id } = source.run;
    try {
      await writeFolderAtomic(
        folder,
        async (temporary) => {
          await writeScriptFolder(this.context, id, temporary);
        },
        { replace: request.overwrite },
      );
      const files = await filesIn(folder);
      await this.keepHashes(files.map((file) => file.path));
      const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
      this.update('script', { state: 'passed', bytes, verifiedAt: Date.now() });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      this.update('script', { state: 'refused', reason: sentenceOf(error) });
    }
  }

  private async keepHashes(files: readonly string[]): Promise<void> {
    const hashes = files.map(async (file) => ({
      path: file,
      sha256: await hashFile(file, 'sha256'),
      bytes: (await stat(file)).size,
    }));
    this.store.putHashes(this.plan.id, await Promise.all(hashes));
  }

  /** Ends what is still to be written. */
  private refuseOpen(reason: string): void {
    for (const target of this.store.read(this.plan.id).targets)
      if (target.state === 'waiting' || target.state === 'writing')
        this.update(target.target, { state: 'refused', reason });
  }

  private update(target: ExportTarget, change: TargetChange): void {
    this.store.update(this.plan.id, target, change);
    this.changed();
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
