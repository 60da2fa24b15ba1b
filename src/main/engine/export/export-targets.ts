import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { writeFolderAtomic } from '../formats/atomic.ts';
import type { JobContext } from '../jobs.ts';
import { publicName } from '../hub/repository.ts';
import { requirePlain } from './card/sources.ts';
import { prove, type Proven } from './prove.ts';
import { Board, oneAtATime, type Queues, type StageSeconds, type TargetProgress } from './progress.ts';
import { Reference, type ExportOptions } from './reference.ts';
import { targets, type TargetKey } from './targets.ts';
import { openTrainedModel, type TrainedModel } from './trained-model.ts';
import { VERIFICATION_FILE, type Verification } from './verification.ts';

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
  /** How long each stage took; zeros where it was not come to. */
  seconds: StageSeconds;
}

/**
 * Writes a model for other programs and proves each target: a fresh process loads its folder from disk and must answer
 * fixed texts (and the rows given) as base and adapter do. One that does not is kept as `<folder>-failed`. What
 * cannot be made is refused with the reason, and the others go on; a stop keeps what is proven. While one answers the
 * next is written, so that one model more than what is written is in memory at any time. `onTarget` is told of
 * each as it ends. Throws what makes all of them impossible: `export/name`, `models/…`, `peft/…`, `data/…`, `files/…`.
 */
export async function exportTargets(
  options: ExportOptions,
  context: JobContext,
  onTarget: (report: TargetReport) => void = () => undefined,
  onBegin: (target: TargetKey, folder: string) => void = () => undefined,
): Promise<TargetReport[]> {
  const { card } = options;
  requirePlain('the export', card.name);
  requirePlain('the base model', publicName(card.modelName));
  for (const { folder } of options.targets) requirePlain('the folder', path.basename(path.resolve(folder)));
  const trained = await openTrainedModel(options);
  // What makes one of them impossible for an unforeseen reason ends the others.
  const failing = new AbortController();
  const signal = AbortSignal.any([context.signal, failing.signal]);
  const queues: Queues = { write: oneAtATime(signal), answer: oneAtATime(signal) };
  const board = new Board(options.targets.length, (phase, done, total) =>
    context.onEvent({ type: 'progress', phase, done, total, unit: 'parts' }),
  );
  const failed = (error: unknown): void => {
    if (!context.signal.aborted) failing.abort(error);
  };
  try {
    let opened: Promise<Reference> | undefined;
    const open = (): Promise<Reference> => {
      const asTrained = board.watch('as it was trained');
      const reference = queues.answer(() => {
        asTrained.stage('answering');
        return Reference.open(trained, options, signal, (share) => asTrained.share('all', share));
      });
      reference.then(
        () => asTrained.end(),
        (error: unknown) => failed(error),
      );
      return reference;
    };
    // The first target that can be written asks for it: where all are refused, the model need not answer.
    const reference = (): Promise<Reference> => (opened ??= open());
    const each: Promise<TargetReport>[] = [];
    for (const { target, folder } of options.targets) {
      const { promise: begun, resolve: begin } = Promise.withResolvers<null>();
      const watched = board.watch(targets[target].name);
      let isBegun = false;
      const stage: TargetProgress['stage'] = (now) => {
        if (now === 'writing' && !isBegun) onBegin(target, folder);
        isBegun ||= now === 'writing';
        if (isBegun) begin(null);
        watched.stage(now);
      };
      const make = async (): Promise<TargetReport> => {
        const single = { ...options, target, folder };
        const made = await exportOne(trained, reference, queues, single, signal, { ...watched, stage });
        const report = { ...made, seconds: watched.seconds };
        watched.end();
        onTarget(report);
        return report;
      };
      const made = make().catch((error: unknown) => {
        failed(error);
        throw error;
      });
      each.push(made);
      // In the order asked for: the next is begun when this one is being written, or has ended.
      await Promise.race([begun, made.catch(() => null)]);
    }
    const [ended] = await Promise.all([Promise.allSettled(each), Promise.allSettled([opened])]);
    if (failing.signal.aborted) throw failing.signal.reason;
    return ended.flatMap((report) => (report.status === 'fulfilled' ? [report.value] : []));
  } finally {
    await trained.close();
  }
}

type OneTarget = ExportOptions & { target: TargetKey; folder: string };

type Made = Omit<TargetReport, 'seconds'>;

async function exportOne(
  trained: TrainedModel,
  reference: () => Promise<Reference>,
  queues: Queues,
  options: OneTarget,
  signal: AbortSignal,
  progress: TargetProgress,
): Promise<Made> {
  const { target, folder, overwrite } = options;
  const failedFolder = `${path.resolve(folder)}-failed`;
  let proven: Proven | undefined;
  let opening: Promise<Reference> | undefined;
  try {
    const refusal = trained.refusal(target);
    if (refusal) throw refusal;
    await writeFolderAtomic(
      folder,
      async (temporary) => {
        opening = reference();
        proven = await prove(trained, opening, queues, options, temporary, signal, progress);
        if (proven.outcome.passed) return;
        await removeFailed(failedFolder);
        if (await exists(failedFolder)) throw fault('export/exists', { folder: failedFolder });
        await rename(temporary, failedFolder);
        throw new FellShort();
      },
      { replace: overwrite },
    );
    await removeFailed(failedFolder);
    return { target, state: 'passed', folder, reason: null, fault: null, verification: proven! };
  } catch (error) {
    if (error instanceof FellShort) {
      const { reason } = proven!.outcome;
      return { target, state: 'failed', folder: failedFolder, reason, fault: null, verification: proven! };
    }
    if (signal.aborted) return cancelled(target, folder);
    // Without the answers of the trained model nothing can be proved.
    await opening;
    if (!(error instanceof Fault)) throw error;
    const told = inOwnWords(error, target, folder);
    const reason = `${told.message} ${told.remedy}`;
    return { target, state: 'refused', folder, reason, fault: told, verification: null };
  }
}

/** Removes what an earlier try left behind, and no folder that somebody else made. */
async function removeFailed(failedFolder: string): Promise<void> {
  if (await exists(path.join(failedFolder, VERIFICATION_FILE)))
    await rm(failedFolder, { recursive: true, force: true });
}

/** Ends the writing of a folder whose contents were moved away. */
class FellShort extends Error {}

function cancelled(target: TargetKey, folder: string): Made {
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
