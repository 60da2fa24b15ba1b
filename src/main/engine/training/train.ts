import { createHash } from 'node:crypto';
import { appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { openCheckpoint } from '../formats/checkpoint.ts';
import { readModelConfig } from '../formats/model-config.ts';
import { resolveModel } from '../hub/resolve-model.ts';
import type { JobContext, JobEvent, TrainOptions, TrainResult } from '../jobs.ts';
import { classificationMetrics, type ClassificationMetrics } from '../metrics/classification.ts';
import { softmax, argmax } from '../metrics/probabilities.ts';
import { openBaseModel, type BaseModel } from '../models/base-model.ts';
import type { EncodedText } from '../models/batch.ts';
import { Inference } from '../models/inference.ts';
import type { Attention } from '../models/token-inputs.ts';
import { planAdapter, readAdapter, writeAdapter } from '../peft/adapter.ts';
import { checkTokens, longestText } from '../predict.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { Checkpoints, initialProgress, type Progress } from './checkpoint.ts';
import { planSteps, trainLoop } from './loop.ts';
import { encodeExamples, prepareData, type LabelledRows } from './prepare-data.ts';
import { Stepper, type TrainedState } from './stepper.ts';
import { balancedWeights } from './targets.ts';

/** Files that a run writes at the top of its output folder. */
const OUTPUTS = ['adapter_config.json', 'adapter_model.safetensors', 'config.json', 'metrics.json', 'predictions.jsonl', 'events.jsonl'];

/**
 * One experiment, from its config to the saved adapter. A stop keeps a checkpoint; `resume` goes on from the last one
 * and ends with the same bits as a run that was left alone. Throws faults of every area.
 */
export async function train(options: TrainOptions, context: JobContext): Promise<TrainResult> {
  const { config, baseDir, outputDir } = options;
  const { training, data } = config;
  if (config.adapter['inference_mode'] === true) throw fault('peft/inference-mode', { source: 'adapter' });
  await openOutput(options);
  const note = (message: string): void => context.onEvent({ type: 'note', message });

  const model = await resolveModel(localPath(baseDir, config.model), {
    signal: context.signal,
    onProgress: ({ done, total }) =>
      context.onEvent({ type: 'progress', phase: 'download', done: done / 1e6, total: total / 1e6, unit: 'MB' }),
  });
  const prepared = await prepareData(config, baseDir, await headLabels(model));
  prepared.notes.forEach(note);
  const tokenizer = await loadTokenizer(model);
  const base = await openBaseModel(model, {
    head: 'classification',
    labelNames: prepared.labels.names,
    overrides: config.model_overrides,
    seed: training.seed,
  });
  try {
    const plan = planAdapter(base, config.adapter, 'adapter');
    const initial = config.init_adapter === null ? undefined : (await readAdapter(path.resolve(baseDir, config.init_adapter), base)).values;
    const maxLength = longestText(base, tokenizer, data.max_length);
    const encode = async (rows: LabelledRows): Promise<EncodedText[]> => {
      const { texts, truncated } = await encodeExamples(rows.examples, tokenizer, maxLength, data.padding);
      checkTokens(texts, base);
      if (truncated > 0) note(`${truncated} of ${texts.length} texts of ${path.basename(rows.file)} are cut to ${maxLength} tokens.`);
      return texts;
    };
    const texts = await encode(prepared.train);
    const evalTexts = prepared.eval && (await encode(prepared.eval));
    const { trainable, all, trainable_percent: share } = plan.counts;
    note(`trainable params: ${trainable.toLocaleString('en')} || all params: ${all.toLocaleString('en')} || trainable%: ${share.toFixed(4)}`);
    if (base.newlyInitialized.length > 0) note(`Newly initialised, trained and saved: ${base.newlyInitialized.join(', ')}`);

    const checkpoints = new Checkpoints(outputDir, plan.trained, fingerprint(config));
    const stepper = await Stepper.open({
      base,
      plan,
      ...(initial ? { initial } : {}),
      seed: training.seed,
      precision: training.precision,
      attention: attentionOf(training.attention, training.per_device_train_batch_size, data.padding),
      optimizer: {
        beta1: training.adam_beta1,
        beta2: training.adam_beta2,
        epsilon: training.adam_epsilon,
        maxGradNorm: training.max_grad_norm,
        weightDecay: training.weight_decay,
      },
      accumulate: training.gradient_accumulation_steps > 1,
    });
    const progress = options.resume ? await resume(checkpoints, stepper) : initialProgress();
    const log = new EventLog(path.join(outputDir, 'events.jsonl'), context);
    await log.cutAfter(progress.step);

    let evalSeconds = 0;
    const evaluate = async (state: TrainedState): Promise<ClassificationMetrics & { logits: Float32Array }> => {
      const started = performance.now();
      const values = new Map([...state].map(([name, { p }]) => [name, p]));
      const inference = await Inference.open(base, { plan, values }, { head: 'classification', precision: training.precision });
      try {
        const total = evalTexts!.length;
        const logits = await inference.logits(evalTexts!, async (done) => {
          context.onEvent({ type: 'progress', phase: 'evaluate', done, total, unit: 'rows' });
          await new Promise(setImmediate);
        });
        const labels = Int32Array.from(prepared.eval!.labels);
        const metrics = classificationMetrics({ logits, labels, numLabels: base.labelNames.length, labelNames: [...base.labelNames] });
        return { ...metrics, logits };
      } finally {
        inference.close();
        evalSeconds += (performance.now() - started) / 1000;
      }
    };
    const { stepsPerEpoch } = planSteps(texts.length, training);
    const status = await trainLoop(
      {
        stepper,
        rows: { texts, labels: prepared.train.labels },
        numLabels: base.labelNames.length,
        settings: training,
        classWeights: classWeights(training.class_weights, prepared.train.labels, base.labelNames),
        checkpoints,
        progress,
        ...(evalTexts
          ? {
              evaluate: async (state: TrainedState, { step }: Progress) => {
                const metrics = flat(await evaluate(state));
                await log.write({ type: 'evaluation', step, epoch: step / stepsPerEpoch, metrics });
                return metrics;
              },
            }
          : {}),
        onStep: (line) => log.writeSoon({ type: 'step', ...line }),
      },
      context,
    );
    await log.flush();

    const best = status === 'finished' && training.load_best_model_at_end ? progress.best?.step : undefined;
    const state = best === undefined ? stepper.readState() : (await checkpoints.read(best)).state;
    stepper.close();
    const result = (metrics: Record<string, unknown> | null): TrainResult => ({
      status,
      outputDir,
      steps: progress.step,
      train_loss: progress.totalLoss / Math.max(1, progress.step),
      train_runtime: progress.seconds,
      eval_runtime: evalSeconds,
      tokens_per_second: progress.tokens / Math.max(1e-9, progress.seconds),
      parameters: plan.counts,
      newly_initialized: [...base.newlyInitialized],
      metrics,
    });
    if (status === 'stopped') return result(null);
    await writeAdapter(outputDir, base, plan, new Map([...state].map(([name, { p }]) => [name, p])));
    if (!evalTexts || !prepared.eval) {
      await writeMetrics(outputDir, result(null));
      return result(null);
    }
    const { logits, ...metrics } = await evaluate(state);
    await log.write({ type: 'evaluation', step: progress.step, epoch: progress.step / stepsPerEpoch, metrics: flat(metrics) });
    await writePredictions(path.join(outputDir, 'predictions.jsonl'), prepared.eval, base, logits);
    await writeMetrics(outputDir, result({ ...metrics }));
    return result({ ...metrics });
  } finally {
    await base.close();
  }
}

/** Refuses a folder that holds something, unless the run goes on in it or replaces what an earlier one wrote. */
async function openOutput({ outputDir, resume: goesOn, overwrite }: TrainOptions): Promise<void> {
  await mkdir(outputDir, { recursive: true });
  if (goesOn) return;
  const found = await readdir(outputDir);
  if (found.length === 0) return;
  if (!overwrite) throw fault('files/output-exists', { dir: outputDir });
  for (const name of [...OUTPUTS, 'checkpoints']) await rm(path.join(outputDir, name), { recursive: true, force: true });
}

/** A folder is named from the config's own place; anything else is left to be a hub id. */
function localPath(baseDir: string, model: string): string {
  return model.startsWith('.') ? path.resolve(baseDir, model) : model;
}

/** Labels of the classification head in a checkpoint, or null when it has none. */
async function headLabels(model: string): Promise<readonly string[] | null> {
  const file = await openCheckpoint(model);
  await file.close();
  const size = file.tensors.get('classifier.weight')?.shape[0];
  const { id2label } = await readModelConfig(model);
  return size === id2label.length ? id2label : null;
}

function attentionOf(kind: 'auto' | 'seq' | 'grid' | 'multi', batchSize: number, padding: 'longest' | 'max_length'): Attention {
  // Rows padded to one length are one rectangle; the exact form has no mask for padding.
  if (kind === 'grid' || padding === 'max_length') return { kind: 'grouped', groups: 1 };
  if (kind === 'seq') return { kind: 'sequence', texts: batchSize };
  return { kind: 'grouped', groups: Math.min(4, batchSize) };
}

async function resume(checkpoints: Checkpoints, stepper: Stepper): Promise<Progress> {
  const step = (await checkpoints.steps()).at(-1);
  if (step === undefined) throw fault('training/no-checkpoint', { dir: checkpoints.dir });
  const { progress, state } = await checkpoints.read(step);
  stepper.restoreState(state);
  return progress;
}

/** What decides a run's numbers: its config without the place of its output. */
function fingerprint({ output_dir: _, ...config }: TrainConfig): string {
  return createHash('sha256').update(JSON.stringify(config)).digest('hex');
}

function classWeights(given: 'balanced' | number[] | null, labels: readonly number[], names: readonly string[]): number[] | null {
  if (given === null) return null;
  if (given === 'balanced') return balancedWeights(labels, names.length);
  if (given.length !== names.length) throw fault('training/class-weights', { given: given.length, labels: names });
  return given;
}

/** The metrics that are numbers, with the loss under Trainer's name. */
function flat(metrics: ClassificationMetrics): Record<string, number> {
  const numbers = Object.entries(metrics).filter((entry): entry is [string, number] => typeof entry[1] === 'number');
  return { ...Object.fromEntries(numbers), loss: metrics.log_loss ?? NaN };
}

async function writeMetrics(outputDir: string, { outputDir: _, ...result }: TrainResult): Promise<void> {
  await writeFileAtomic(path.join(outputDir, 'metrics.json'), `${JSON.stringify(result, null, 2)}\n`);
}

async function writePredictions(file: string, rows: LabelledRows, base: BaseModel, logits: Float32Array): Promise<void> {
  const width = base.labelNames.length;
  const probabilities = softmax(logits, width);
  const predicted = argmax(logits, width);
  const lines = rows.examples.map(({ row }, i) => {
    const label = predicted[i]!;
    return JSON.stringify({
      row,
      label: base.labelNames[label],
      expected: base.labelNames[rows.labels[i]!],
      score: probabilities[i * width + label],
      logits: Array.from(logits.subarray(i * width, (i + 1) * width)),
    });
  });
  await writeFileAtomic(file, `${lines.join('\n')}\n`);
}

/** events.jsonl, and the same events to whoever watches. */
class EventLog {
  private readonly file: string;
  private readonly context: JobContext;
  private pending: Promise<void> = Promise.resolve();

  constructor(file: string, context: JobContext) {
    this.file = file;
    this.context = context;
  }

  /** Drops the lines after a checkpoint's step, so that a resumed run's log reads like one that was left alone. */
  async cutAfter(step: number): Promise<void> {
    const text = await readFile(this.file, 'utf8').catch(() => '');
    const kept = text.split('\n').filter((line) => line !== '' && lineStep(line) <= step);
    await writeFileAtomic(this.file, kept.map((line) => `${line}\n`).join(''));
  }

  writeSoon(event: JobEvent): void {
    this.context.onEvent(event);
    this.pending = this.pending.then(() => appendFile(this.file, `${JSON.stringify(event)}\n`));
  }

  async write(event: JobEvent): Promise<void> {
    this.writeSoon(event);
    await this.flush();
  }

  flush(): Promise<void> {
    return this.pending;
  }
}

function lineStep(line: string): number {
  try {
    return Number((JSON.parse(line) as { step?: unknown }).step);
  } catch {
    return Infinity;
  }
}


