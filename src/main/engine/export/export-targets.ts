import { rm, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { writeFolderAtomic } from '../formats/atomic.ts';
import type { JobContext } from '../jobs.ts';
import type { Pooling } from '../models/inference.ts';
import { publicName } from '../hub/repository.ts';
import { requirePlain, type CardFacts } from './card/facts.ts';
import { prove, type Proven } from './prove.ts';
import type { RowsFile } from './proof-rows.ts';
import { Reference } from './reference.ts';
import { targets, type TargetKey, type WeightPrecision } from './targets.ts';
import { openTrainedModel, type TrainedModel } from './trained-model.ts';
import { VERIFICATION_FILE, type Verification } from './verification.ts';

export interface ExportOptions {
  /** Folders. */
  model: string;
  adapter?: string | undefined;
  /** Where each target goes. */
  targets: readonly { target: TargetKey; folder: string }[];
  overwrite: boolean;
  /** Of merged safetensors. */
  precision: WeightPrecision;
  /** Of vectors; null: as the base's modules.json says, else the mean. */
  pooling: Pooling | null;
  /** Points of accuracy that an export may lose. */
  mostPointsLost: number;
  /** Rows to compare on; with labels the accuracy is compared too. */
  rows: RowsFile | null;
  maxLength?: number | undefined;
  facts: CardFacts;
}

/** What became of one target. */
export interface TargetReport {
  target: TargetKey;
  /** `refused`: it could not be made. `failed`: it was, and its proof fell short. */
  state: 'passed' | 'failed' | 'refused' | 'cancelled';
  /** Where it lies, or would; of a failed one a name beside it. */
  folder: string;
  /** Why not; null when it passed. */
  reason: string | null;
  /** What a refusal was made of. */
  fault: Fault | null;
  verification: Verification | null;
}

/** What each target's work is, of 100: writing, answering, and trying out how it is used. */
const SHARE = { write: 40, answer: 50, all: 100 };

/**
 * Writes a model for other programs and proves each target: a fresh process loads its folder from disk and must answer
 * fixed texts (and the rows given) as base and adapter do. One that does not is kept aside as `<folder>-failed`. What
 * cannot be made is refused with the reason, and the others go on; a stop keeps what is proven. `onTarget` is told of
 * each as it ends. Throws what makes all of them impossible: `export/name`, `models/…`, `peft/…`, `data/…`, `files/…`.
 */
export async function exportTargets(
  options: ExportOptions,
  context: JobContext,
  onTarget: (report: TargetReport) => void = () => undefined,
  onBegin: (target: TargetKey, folder: string) => void = () => undefined,
): Promise<TargetReport[]> {
  const { facts } = options;
  requirePlain('the export', facts.name);
  requirePlain('the base model', publicName(facts.modelName));
  for (const { folder } of options.targets) requirePlain('the folder', path.basename(path.resolve(folder)));
  const trained = await openTrainedModel(options);
  try {
    const total = SHARE.all * (options.targets.length + 1);
    let furthest = 0;
    const tell = (phase: string, done: number): void => {
      furthest = Math.max(furthest, Math.round(done));
      context.onEvent({ type: 'progress', phase, done: furthest, total, unit: 'parts' });
    };
    const reference = await Reference.open(trained, options, context.signal, (share) =>
      tell('answering as it was trained', SHARE.all * share),
    );
    const reports: TargetReport[] = [];
    for (const [i, { target, folder }] of options.targets.entries()) {
      const { name } = targets[target];
      const at = SHARE.all * (i + 1);
      let report: TargetReport;
      if (context.signal.aborted) report = cancelled(target, folder);
      else {
        onBegin(target, folder);
        report = await exportOne(trained, reference, { ...options, target, folder }, context.signal, {
          written: (share) => tell(`writing ${name}`, at + SHARE.write * share),
          answered: (share) =>
            tell(`${name}: answering from disk, in a fresh process`, at + SHARE.write + SHARE.answer * share),
          tried: () => tell(`${name}: trying the snippets`, at + SHARE.write + SHARE.answer),
        });
      }
      tell(name, at + SHARE.all);
      reports.push(report);
      onTarget(report);
    }
    return reports;
  } catch (error) {
    if (!context.signal.aborted) throw error;
    const reports = options.targets.map(({ target, folder }) => cancelled(target, folder));
    for (const report of reports) onTarget(report);
    return reports;
  } finally {
    await trained.close();
  }
}

/** Whoever watches one target. Shares are of 1. */
export interface TargetProgress {
  written(share: number): void;
  answered(share: number): void;
  tried(): void;
}

type OneTarget = ExportOptions & { target: TargetKey; folder: string };

async function exportOne(
  trained: TrainedModel,
  reference: Reference,
  options: OneTarget,
  signal: AbortSignal,
  progress: TargetProgress,
): Promise<TargetReport> {
  const { target, folder, overwrite } = options;
  const aside = `${path.resolve(folder)}-failed`;
  let proven: Proven | undefined;
  try {
    const refusal = trained.refusal(target);
    if (refusal) throw refusal;
    await writeFolderAtomic(
      folder,
      async (temporary) => {
        proven = await prove(trained, reference, options, temporary, signal, progress);
        signal.throwIfAborted();
        if (proven.outcome.passed) return;
        await removeFailed(aside);
        if (await exists(aside)) throw fault('export/exists', { folder: aside });
        await rename(temporary, aside);
        throw new FellShort();
      },
      { replace: overwrite },
    );
    await removeFailed(aside);
    return { target, state: 'passed', folder, reason: null, fault: null, verification: proven! };
  } catch (error) {
    if (error instanceof FellShort) {
      const { reason } = proven!.outcome;
      return { target, state: 'failed', folder: aside, reason, fault: null, verification: proven! };
    }
    if (signal.aborted) return cancelled(target, folder);
    if (!(error instanceof Fault)) throw error;
    const told = inOwnWords(error, target, folder);
    const reason = `${told.message} ${told.remedy}`;
    return { target, state: 'refused', folder, reason, fault: told, verification: null };
  }
}

/** Removes what an earlier try left aside, and no folder that somebody else made. */
async function removeFailed(aside: string): Promise<void> {
  if (await exists(path.join(aside, VERIFICATION_FILE))) await rm(aside, { recursive: true, force: true });
}

/** Ends the writing of a folder whose contents were moved aside. */
class FellShort extends Error {}

function cancelled(target: TargetKey, folder: string): TargetReport {
  return { target, state: 'cancelled', folder, reason: null, fault: null, verification: null };
}

/** A fault of writing files, said of an export. */
function inOwnWords(error: Fault, target: TargetKey, folder: string): Fault {
  if (error.code === 'files/disk-full')
    return fault('export/disk-full', { name: targets[target].name, folder }, error);
  return error.code === 'files/output-exists' ? fault('export/exists', { folder }, error) : error;
}

const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
