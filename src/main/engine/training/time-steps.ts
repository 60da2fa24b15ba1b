import os from 'node:os';
import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import type { Precision } from '../../../shared/settings/training.ts';
import type { JobContext } from '../jobs.ts';
import { openBaseModel, type BaseModel } from '../models/base-model.ts';
import { headLabels } from '../models/checkpoint-head.ts';
import type { EncodedText } from '../models/batch.ts';
import { Inference } from '../models/inference.ts';
import { planAdapter, requireSavedModules } from '../peft/adapter.ts';
import { loadTensorFlow } from '../runtime/tensorflow.ts';
import type { EncodedRows } from './evaluator.ts';
import { engineTask } from '../tasks/index.ts';
import { microBatches } from './loop.ts';
import { prepareData } from './prepare-data.ts';
import { epochBatches } from './sampler.ts';
import { learningRateAt, planSteps, type Plan } from './schedule.ts';
import { Stepper } from './stepper.ts';
import { encodeRows, stepperSettings } from './train.ts';

export interface TimedRun {
  secondsPerStep: number;
  /** Steps and evaluations of the whole run. */
  totalSeconds: number;
  peakMemoryMb: number;
  /** Free in the machine when the timing ended. */
  memoryFreeMb: number;
}

/** Steps that are timed, at lengths spread over those of an epoch. */
const timedSteps = 5;
/** Once the steps so far took this long, no further one is timed. */
const enoughSeconds = 30;
/** Evaluation rows that are timed. */
const timedRows = 64;

/**
 * Times a few real optimizer steps of a config on its own rows, and some evaluation rows, and works out the run's time
 * from them. Nothing is written. Throws what `train` throws.
 */
export async function timeRun(config: TrainConfig, baseDir: string, context: JobContext): Promise<TimedRun> {
  const { training } = config;
  loadTensorFlow(training.precision);
  const task = engineTask(config.task);
  const data = await prepareData(task, config, baseDir, await headLabels(config.model));
  const base = await openBaseModel(config.model, {
    head: task.head(data.names.length).kind,
    labelNames: data.names,
    overrides: config.model_overrides,
    seed: training.seed,
  });
  try {
    const rows = await encodeRows(data.train, config, base, context);
    const plan = planSteps(rows.texts.length, training);
    const secondsPerStep = await timeSteps(config, base, rows, plan, context);
    const evalRows = data.eval && (await encodeRows(data.eval, config, base, context));
    const perEvaluation = evalRows
      ? await timeEvaluation(base, evalRows.texts, training.precision, context)
      : 0;
    return {
      secondsPerStep,
      totalSeconds: plan.totalSteps * secondsPerStep + evaluations(config, plan) * perEvaluation,
      peakMemoryMb: process.resourceUsage().maxRSS / 1024,
      memoryFreeMb: os.freemem() / 2 ** 20,
    };
  } finally {
    await base.close();
  }
}

/** The mean seconds of a step. Every step is run twice: the first time of a shape prepares its kernels. */
async function timeSteps(
  config: TrainConfig,
  base: BaseModel,
  rows: EncodedRows,
  { schedule }: Plan,
  context: JobContext,
): Promise<number> {
  const { adapter, training } = config;
  const task = engineTask(config.task);
  const adapterPlan = planAdapter(base, adapter, 'adapter');
  requireSavedModules(base, adapter);
  const stepper = await Stepper.open({
    ...stepperSettings(config, rows.texts),
    task,
    base,
    plan: adapterPlan,
  });
  try {
    const feed = task.lossFeed(training, rows.targets, base.labelNames);
    const rate = learningRateAt(0, schedule);
    const started = performance.now();
    const times: number[] = [];
    for (const group of representativeSteps(rows, training)) {
      const batches = microBatches(rows, feed, group);
      stepper.step(batches, rate, 1);
      const from = performance.now();
      stepper.step(batches, rate, 1);
      times.push((performance.now() - from) / 1000);
      context.onEvent({
        type: 'progress',
        phase: 'time',
        done: times.length,
        total: timedSteps,
        unit: 'steps',
      });
      await new Promise(setImmediate);
      context.signal.throwIfAborted();
      if ((performance.now() - started) / 1000 > enoughSeconds) break;
    }
    return times.reduce((sum, time) => sum + time, 0) / times.length;
  } finally {
    stepper.close();
  }
}

/** Steps of the first epoch at the middle of each fifth by their number of tokens, the middle one first. */
function representativeSteps(
  rows: EncodedRows,
  {
    sampler,
    per_device_train_batch_size: size,
    seed,
    gradient_accumulation_steps: times,
  }: TrainConfig['training'],
): number[][][] {
  const lengths = rows.texts.map(({ inputIds }) => inputIds.length);
  const batches = epochBatches(lengths, sampler, size, seed, 0);
  const groups = Array.from({ length: Math.ceil(batches.length / times) }, (_, i) =>
    batches.slice(i * times, (i + 1) * times),
  );
  const tokens = (group: number[][]): number => group.flat().reduce((sum, row) => sum + lengths[row]!, 0);
  const sorted = groups.sort((a, b) => tokens(a) - tokens(b));
  if (sorted.length <= timedSteps) return sorted;
  const places = [2, 0, 4, 1, 3].map((part) => Math.floor(((part + 0.5) * sorted.length) / timedSteps));
  return places.map((place) => sorted[place]!);
}

/** Seconds to answer all evaluation rows, worked out from some of every length. */
async function timeEvaluation(
  base: BaseModel,
  texts: readonly EncodedText[],
  precision: Precision,
  context: JobContext,
): Promise<number> {
  const sorted = texts.toSorted((a, b) => a.inputIds.length - b.inputIds.length);
  const step = Math.max(1, Math.floor(sorted.length / timedRows));
  const sample = sorted.filter((_, i) => i % step === 0);
  const opened = performance.now();
  const inference = await Inference.open(base, undefined, { head: base.head.kind, precision });
  try {
    const loading = (performance.now() - opened) / 1000;
    await inference.logits(sample.slice(0, 8));
    context.signal.throwIfAborted();
    const from = performance.now();
    await inference.logits(sample);
    return loading + ((performance.now() - from) / 1000) * (texts.length / sample.length);
  } finally {
    inference.close();
  }
}

/** Evaluations of a run, the one at its end among them. */
function evaluations({ training, data }: TrainConfig, { totalSteps, stepsPerEpoch }: Plan): number {
  if (data.eval === null && data.split === null) return 0;
  const every =
    training.eval_strategy === 'epoch'
      ? stepsPerEpoch
      : training.eval_strategy === 'steps'
        ? (training.eval_steps ?? totalSteps)
        : totalSteps;
  return Math.max(1, Math.ceil(totalSteps / every));
}
