import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import type { TrainingSettings } from '../../../shared/settings/training.ts';
import { resolveModel } from '../hub/resolve-model.ts';
import type { JobContext, TrainOptions, TrainResult } from '../jobs.ts';
import { longestText, openBaseModel, type BaseModel } from '../models/base-model.ts';
import { headLabels, type CheckpointHead } from '../models/checkpoint-head.ts';
import type { EncodedText } from '../models/batch.ts';
import type { Attention } from '../models/token-inputs.ts';
import {
  planAdapter,
  requireSavedModules,
  writeAdapter,
  type Adapter,
  type AdapterPlan,
} from '../peft/adapter.ts';
import { initialValues } from '../peft/initial-values.ts';
import type { TrainedState } from '../peft/method.ts';
import { onWholeBase, restOf } from '../peft/taken-out.ts';
import { checkTokens } from '../predict.ts';
import { loadTensorFlow } from '../runtime/tensorflow.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { Checkpoints, initialProgress, type Progress } from './checkpoint.ts';
import { Evaluator, type EncodedRows, type Evaluated } from './evaluator.ts';
import { trainLoop } from './loop.ts';
import { planSteps } from './schedule.ts';
import { Movement } from './movement.ts';
import { clearOutput, EventLog, openOutput, writeMetrics, writePredictions } from './output.ts';
import { engineTask } from '../tasks/index.ts';
import { encodeExamples, prepareData, type TargetRows } from './prepare-data.ts';
import { digesting, otherInputs, rowsDigest, type InputNames, type RunInputs } from './run-inputs.ts';
import type { LoraPlus } from './optimizer.ts';
import { Stepper, type StepperOptions } from './stepper.ts';

/**
 * One experiment, from its config to the saved adapter. A stop keeps a checkpoint; `resume` goes on from the last one
 * and ends with the same bits as a run that was left alone. Throws faults of every area.
 */
export async function train(options: TrainOptions, context: JobContext): Promise<TrainResult> {
  const { config } = options;
  if (config.adapter['inference_mode'] === true) throw fault('peft/inference-mode', { source: 'adapter' });
  loadTensorFlow(config.training.precision);
  const release = await openOutput(options);
  try {
    return await trainInto(options, context);
  } finally {
    await release();
  }
}

/** The run itself, in a folder that is its own. */
async function trainInto(options: TrainOptions, context: JobContext): Promise<TrainResult> {
  const { config, baseDir, outputDir } = options;
  const { training } = config;
  const model = await resolveModel(localPath(baseDir, config.model), {
    signal: context.signal,
    onProgress: ({ done, total }) =>
      context.onEvent({
        type: 'progress',
        phase: 'download',
        done: done / 1e6,
        total: total / 1e6,
        unit: 'MB',
      }),
  });
  const task = engineTask(config.task);
  const data = await prepareData(task, config, baseDir, await headLabels(model));
  const base = await openBaseModel(model, {
    head: task.head(data.names.length).kind,
    labelNames: data.names,
    overrides: config.model_overrides,
    seed: training.seed,
  });
  try {
    const plan = planAdapter(base, config.adapter, 'adapter');
    requireSavedModules(base, config.adapter);
    const { init_adapter: init } = config;
    const initial = init === null ? undefined : await initialValues(path.resolve(baseDir, init), base, plan);
    const rows = await encodeRows(data.train, config, base, context);
    const evalRows = data.eval && (await encodeRows(data.eval, config, base, context));
    tell(context, [...data.notes, ...startNotes(base, plan)]);

    // Nothing of an earlier run goes before it is known that this one can start.
    await clearOutput(options);
    const loaded = digesting(base);
    const rest = await restOf(loaded.base, plan);
    const trainedOn = rest?.base ?? loaded.base;
    const written = (values: Adapter['values']): Promise<void> => {
      const adapter = rest ? onWholeBase(base, { plan, values }, rest.first) : { plan, values };
      return writeAdapter(outputDir, base, adapter.plan, adapter.values, options.baseName);
    };
    const stepper = await Stepper.open({
      ...stepperSettings(config, rows.texts),
      task,
      base: trainedOn,
      plan,
      initial: initial ?? rest?.first,
    });
    const inputs: RunInputs = {
      train: rowsDigest(task, data.train, rows, base.labelNames),
      eval: data.eval && evalRows && rowsDigest(task, data.eval, evalRows, base.labelNames),
      model: loaded.digest(),
    };
    const checkpoints = new Checkpoints(outputDir, plan.trained, fingerprint(config), inputs);
    const names = { train: data.train.file, eval: data.eval?.file ?? null, model };
    const progress = options.resume
      ? await resume(checkpoints, stepper, inputs, names, context)
      : initialProgress();
    const log = await EventLog.open(path.join(outputDir, 'events.jsonl'), progress.step, context);
    const evaluator = evalRows && new Evaluator(task, trainedOn, plan, evalRows, training.precision, context);
    const { stepsPerEpoch, totalSteps } = planSteps(rows.texts.length, training);
    context.onEvent({
      type: 'started',
      total_steps: totalSteps,
      resumed_at: progress.step,
      parameters: plan.counts,
      newly_initialized: [...base.newlyInitialized],
    });
    const movement = new Movement(stepper, plan, (moved) => context.onEvent({ type: 'moved', ...moved }));
    const evaluate = async (state: TrainedState, { step }: Progress): Promise<Evaluated | null> => {
      const evaluated = await evaluator!.evaluate(stepper.valuesOf(state), step);
      if (evaluated) {
        await log.write({
          type: 'evaluation',
          step,
          epoch: step / stepsPerEpoch,
          metrics: evaluated.numbers,
        });
      }
      return evaluated;
    };

    let status = await trainLoop(
      {
        stepper,
        rows,
        feed: task.lossFeed(training, rows.targets, base.labelNames),
        settings: training,
        checkpoints,
        progress,
        ...(evaluator ? { evaluate } : {}),
        onUpdate: (learningRate) => movement.updated(learningRate),
        onStep: (line) => log.write({ type: 'step', ...line }),
      },
      context,
    );

    let evaluated: Evaluated | null = null;
    if (status === 'finished') {
      const best = training.load_best_model_at_end ? progress.best?.step : undefined;
      const state = best === undefined ? stepper.readState() : (await checkpoints.read(best)).state;
      await written(stepper.valuesOf(state));
      stepper.close();
      if (evaluator) {
        evaluated = await evaluate(state, { ...progress, step: best ?? progress.step });
        if (evaluated)
          await writePredictions(outputDir, task, data.eval!, base.labelNames, evaluated.outputs);
        else status = 'stopped';
      }
    } else {
      if (context.signal.reason === 'adapter') {
        await written(stepper.valuesOf(stepper.readState()));
      }
      stepper.close();
    }
    const result: TrainResult = {
      status,
      outputDir,
      steps: progress.step,
      train_loss: progress.totalLoss / Math.max(1, progress.step),
      train_runtime: progress.seconds,
      eval_runtime: evaluator?.seconds ?? 0,
      tokens_per_second: progress.tokens / Math.max(1e-9, progress.seconds),
      parameters: plan.counts,
      newly_initialized: [...base.newlyInitialized],
      metrics: evaluated && evaluated.metrics,
    };
    if (status === 'finished') await writeMetrics(result);
    return result;
  } finally {
    await base.close();
  }
}

function tell(context: JobContext, notes: readonly string[]): void {
  for (const message of notes) context.onEvent({ type: 'note', message });
}

function startNotes(base: BaseModel, { counts }: AdapterPlan): string[] {
  const { trainable, all, trainable_percent: share } = counts;
  const figures = `trainable params: ${trainable.toLocaleString('en')} || all params: ${all.toLocaleString('en')}`;
  const missing = base.newlyInitialized.join(', ');
  return [
    `${figures} || trainable%: ${share.toFixed(4)}`,
    ...replacedHead(base.ownHead),
    ...(missing === '' ? [] : [`Newly initialised, trained and saved: ${missing}`]),
  ];
}

/** Says that a head of another task is not trained further. */
function replacedHead(head: CheckpointHead): string[] {
  return head.kind === 'other'
    ? [`The base is ${head.what} (${head.seen}): that head is not used, and a new one is trained.`]
    : [];
}

/** Tokenises rows for a model, and says how many lost tokens. */
export async function encodeRows<Target>(
  rows: TargetRows<Target>,
  { data }: TrainConfig,
  base: BaseModel,
  context: JobContext,
): Promise<EncodedRows<Target>> {
  const tokenizer = await loadTokenizer(base.folder);
  const maxLength = longestText(base, tokenizer, data.max_length);
  const { texts, truncated } = await encodeExamples(rows.examples, tokenizer, maxLength, data.padding);
  checkTokens(texts, base);
  const of = `${truncated} of ${texts.length} texts of ${path.basename(rows.file)}`;
  if (truncated > 0) tell(context, [`${of} are cut to ${maxLength} tokens.`]);
  return { texts, targets: rows.targets };
}

export function stepperSettings(
  { training, data }: TrainConfig,
  texts: readonly EncodedText[],
): Omit<StepperOptions, 'task' | 'base' | 'plan'> {
  const masked = texts.some(({ attentionMask }) => attentionMask?.includes(0));
  return {
    seed: training.seed,
    precision: training.precision,
    attention: attentionOf(training, data.padding, masked),
    optimizer: {
      beta1: training.adam_beta1,
      beta2: training.adam_beta2,
      epsilon: training.adam_epsilon,
      maxGradNorm: training.max_grad_norm,
      weightDecay: training.weight_decay,
      loraPlus: loraPlusOf(training),
    },
    accumulate: training.gradient_accumulation_steps > 1,
  };
}

/** PEFT gives embeddings a rate of their own, which falls as the run's does. */
function loraPlusOf({
  learning_rate: rate,
  loraplus_lr_ratio: ratio,
  loraplus_lr_embedding: embedding,
}: TrainingSettings): LoraPlus | undefined {
  return ratio === null ? undefined : { ratio, embedding: embedding / rate };
}

/** A folder is named from the config's own place; anything else is left to be a hub id. */
function localPath(baseDir: string, model: string): string {
  const folder = path.resolve(baseDir, model);
  return existsSync(folder) || model.startsWith('.') ? folder : model;
}

function attentionOf(
  { attention: kind, per_device_train_batch_size: batchSize }: TrainingSettings,
  padding: 'longest' | 'max_length',
  masked: boolean,
): Attention {
  // Rows padded to one length are one rectangle; the exact form has no mask for padding.
  if (kind === 'grid' || padding === 'max_length') return { kind: 'grouped', groups: 1 };
  if (kind === 'seq' && !masked) return { kind: 'sequence', texts: batchSize };
  return { kind: 'grouped', groups: Math.min(4, batchSize) };
}

/** Takes up the last checkpoint. Throws `training/no-checkpoint`, `training/other-inputs` and what reading it throws. */
async function resume(
  checkpoints: Checkpoints,
  stepper: Stepper,
  inputs: RunInputs,
  names: InputNames,
  context: JobContext,
): Promise<Progress> {
  const step = (await checkpoints.steps()).at(-1);
  if (step === undefined) throw fault('training/no-checkpoint', { dir: checkpoints.dir });
  const { progress, state, inputs: then } = await checkpoints.read(step);
  const folder = checkpoints.folderOf(step);
  const refusal = then && otherInputs(folder, then, inputs, names);
  if (refusal) throw refusal;
  if (!then)
    tell(context, [
      `${folder} does not say which rows and weights it was made with: changes are not noticed.`,
    ]);
  stepper.restoreState(state);
  return progress;
}

/** What decides a run's numbers: its config without the place of its output. */
function fingerprint({ output_dir, ...config }: TrainConfig): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex');
}
