import { fault } from '../../../shared/faults/index.ts';
import type { TrainingSettings } from '../../../shared/settings/training.ts';
import type { Step } from '../../../shared/contract/experiments.ts';
import type { JobContext } from '../jobs.ts';
import type { Checkpoints, Progress } from './checkpoint.ts';
import type { EncodedRows } from './evaluator.ts';
import type { LossFeed } from '../tasks/task.ts';
import { epochBatches } from './sampler.ts';
import { learningRateAt, planSteps } from './schedule.ts';
import type { TrainedState } from '../peft/method.ts';
import type { MicroBatch, Stepper } from './stepper.ts';

export interface LoopOptions {
  stepper: Stepper;
  rows: EncodedRows;
  feed: LossFeed<unknown>;
  settings: TrainingSettings;
  checkpoints: Checkpoints;
  /** Where to begin: fresh, or as a checkpoint left it. Changed in place. */
  progress: Progress;
  /** The metrics of the model as it is now, or null after a stop; absent when there is nothing to evaluate on. */
  evaluate?: (state: TrainedState, progress: Progress) => Promise<{ numbers: Record<string, number> } | null>;
  /** Called behind every update of the parameters. */
  onUpdate?(learningRate: number): void;
  /** Waited for, so that the log never lacks a step that a checkpoint has. */
  onStep(line: Step): Promise<void>;
}

/** Trains until the last step, a stop, or no more improvement. Throws `training/not-finite` naming the step. */
export async function trainLoop(options: LoopOptions, context: JobContext): Promise<'finished' | 'stopped'> {
  const { stepper, rows, settings, checkpoints, progress } = options;
  const { stepsPerEpoch, totalSteps, schedule } = planSteps(rows.texts.length, settings);
  const { gradient_accumulation_steps: accumulated, early_stopping_patience: patience } = settings;
  const lengths = rows.texts.map((text) => text.inputIds.length);
  let saved = progress.step;
  let since = { time: performance.now(), tokens: progress.tokens };
  let order: { epoch: number; batches: number[][] } | undefined;

  const save = async (): Promise<void> => {
    await checkpoints.write(progress, stepper.readState());
    saved = progress.step;
    context.onEvent({ type: 'checkpoint', step: saved });
    await checkpoints.prune(
      settings.save_total_limit,
      settings.load_best_model_at_end ? progress.best?.step : undefined,
    );
  };

  for (;;) {
    // What follows a step: evaluation, checkpoint, early stop. A run that was stopped in the middle of it begins here.
    if (!progress.settled) {
      const { step } = progress;
      const moment: Moment = { step, epochEnds: step % stepsPerEpoch === 0, runEnds: step === totalSteps };
      let improved = false;
      if (options.evaluate && falls(settings.eval_strategy, settings.eval_steps, moment)) {
        const evaluated = await options.evaluate(stepper.readState(), progress);
        if (!evaluated) {
          await save();
          return 'stopped';
        }
        improved = judge(evaluated.numbers, settings, progress);
        since = { time: performance.now(), tokens: progress.tokens };
      }
      progress.settled = true;
      // What is loaded at the end must have a checkpoint, also where it evaluated best between two of them.
      const isBest = improved && (settings.save_strategy === 'best' || settings.load_best_model_at_end);
      if (isBest || falls(settings.save_strategy, settings.save_steps, moment)) await save();
    }
    if (progress.step >= totalSteps || (patience !== null && progress.patience >= patience))
      return 'finished';
    if (context.signal.aborted) {
      if (saved !== progress.step) await save();
      return 'stopped';
    }

    const epoch = Math.floor(progress.step / stepsPerEpoch);
    if (order?.epoch !== epoch) {
      const { sampler, per_device_train_batch_size: batchSize, seed } = settings;
      order = { epoch, batches: epochBatches(lengths, sampler, batchSize, seed, epoch) };
    }
    const at = (progress.step - epoch * stepsPerEpoch) * accumulated;
    const batches = microBatches(rows, options.feed, order.batches.slice(at, at + accumulated));
    const started = performance.now();
    const learningRate = learningRateAt(progress.step, schedule);
    const { loss, norm } = stepper.step(batches, learningRate, progress.step + 1);
    if (!Number.isFinite(loss) || !Number.isFinite(norm)) {
      throw fault('training/not-finite', { step: progress.step + 1, loss, checkpoint: saved });
    }
    options.onUpdate?.(learningRate);
    progress.step++;
    progress.settled = false;
    progress.totalLoss += loss;
    progress.loggedLoss += loss;
    progress.loggedSteps++;
    for (const { texts } of batches) for (const text of texts) progress.tokens += text.inputIds.length;
    const now = performance.now();
    progress.seconds += (now - started) / 1000;

    const { step } = progress;
    if (step % settings.logging_steps === 0 || step === totalSteps) {
      await options.onStep({
        step,
        epoch: step / stepsPerEpoch,
        loss: progress.loggedLoss / progress.loggedSteps,
        learning_rate: learningRate,
        grad_norm: norm,
        tokens_per_second: ((progress.tokens - since.tokens) / (now - since.time)) * 1000,
      });
      since = { time: now, tokens: progress.tokens };
      progress.loggedLoss = 0;
      progress.loggedSteps = 0;
    }
    context.onEvent({ type: 'progress', phase: 'train', done: step, total: totalSteps, unit: 'steps' });
    // A step blocks the process; this lets a stop and the progress display in.
    await new Promise(setImmediate);
  }
}

interface Moment {
  step: number;
  epochEnds: boolean;
  runEnds: boolean;
}

/** Whether something that happens by step or by epoch happens now; as in Trainer, the end of the run always counts. */
function falls(
  strategy: 'no' | 'steps' | 'epoch' | 'best',
  every: number | null,
  { step, epochEnds, runEnds }: Moment,
): boolean {
  if (strategy === 'epoch') return epochEnds || runEnds;
  return strategy === 'steps' && (runEnds || (every !== null && step % every === 0));
}

/** Whether an evaluation is the best so far (Trainer), and how long ago one was (EarlyStoppingCallback). */
function judge(metrics: Record<string, number>, settings: TrainingSettings, progress: Progress): boolean {
  const name = settings.metric_for_best_model?.replace(/^eval_/, '');
  if (name === undefined) return false;
  const value = metrics[name];
  if (value === undefined) throw fault('training/unknown-metric', { name, known: Object.keys(metrics) });
  const { best } = progress;
  const better = best === null || (settings.greater_is_better ? value > best.value : value < best.value);
  const enough =
    best === null || (better && Math.abs(value - best.value) > settings.early_stopping_threshold);
  progress.patience = enough ? 0 : progress.patience + 1;
  if (better) progress.best = { step: progress.step, value };
  return better;
}

/** The micro-batches of one optimizer step, of the places of their rows. */
export function microBatches(
  { texts, targets }: EncodedRows,
  feed: LossFeed<unknown>,
  batches: readonly number[][],
): MicroBatch[] {
  const fed = feed.of(batches.map((batch) => batch.map((row) => targets[row])));
  return batches.map((batch, i) => ({ texts: batch.map((row) => texts[row]!), targets: fed[i]! }));
}
