import { Fault } from '../../../../shared/faults/index.ts';
import { rangeText, schemaOf } from '../../../../shared/settings/setting.ts';
import { parseTrainConfig } from '../../../../shared/settings/train-config.ts';
import { trainingSettings } from '../../../../shared/settings/training.ts';
import { resolveTrainingArguments } from '../../../../shared/settings/training-arguments.ts';
import {
  argument,
  calledName,
  constantOf,
  plain,
  textOf,
  type Call,
  type Located,
  type Value,
} from '../python/values.ts';
import { commit, dropDependents, type Group, type Taken } from './dependent.ts';
import type { Findings } from './findings.ts';
import { bestMetric } from './metrics.ts';

/** Older names, and what they are called today. */
const renamed: Readonly<Record<string, string>> = {
  evaluation_strategy: 'eval_strategy',
  per_gpu_train_batch_size: 'per_device_train_batch_size',
  per_gpu_eval_batch_size: 'per_device_eval_batch_size',
  no_cuda: 'use_cpu',
  overwrite_output_dir: 'nothing: it is gone in transformers 5',
};
const perGpu = new Set(['per_gpu_train_batch_size', 'per_gpu_eval_batch_size']);
/** Names that set nothing of the arithmetic, and need no word. */
const quiet = new Set(['output_dir', 'report_to', 'logging_dir', 'run_name', 'push_to_hub']);
const halfPrecision = new Set(['fp16', 'fp16_full_eval']);

const best = [
  'load_best_model_at_end',
  'metric_for_best_model',
  'greater_is_better',
  'early_stopping_patience',
  'early_stopping_threshold',
];
const groups: readonly Group[] = [
  { names: ['eval_strategy', 'evaluation_strategy', 'eval_steps'] },
  { names: ['save_strategy', 'save_steps'] },
  {
    names: best,
    needs: ['eval_strategy', 'evaluation_strategy', 'eval_steps', 'save_strategy', 'save_steps'],
  },
  { names: ['num_train_epochs', 'max_steps'] },
  {
    names: ['per_device_train_batch_size', 'gradient_accumulation_steps'],
    needs: ['auto_find_batch_size'],
  },
  {
    names: ['optim', 'learning_rate', 'weight_decay', 'adam_beta1', 'adam_beta2', 'adam_epsilon'],
    needs: ['optim_args', 'adafactor', 'optim_target_modules'],
  },
  { names: ['lr_scheduler_type', 'lr_scheduler_kwargs', 'warmup_steps'], needs: ['warmup_ratio'] },
  { names: ['label_smoothing_factor', 'class_weights'] },
  { names: ['seed'], needs: ['data_seed'] },
];

/** The calls of a script that say how it trains. */
export interface TrainingCalls {
  calls: readonly Call[];
  trainer: Call | undefined;
  args: Call | undefined;
  /** Methods of Trainer that the script replaces, and their lines. */
  replaced: ReadonlyMap<string, number>;
}

/** Settings of training as Graft takes them: older names resolved, groups whole or not at all, all else named. */
export function readTraining(script: TrainingCalls, findings: Findings): Record<string, unknown> {
  const taken: Taken = { values: new Map(), lost: new Map() };
  for (const [given, placed] of script.args?.named ?? [])
    readArgument(given, placed, script, taken, findings);
  readEarlyStopping(script, taken, findings);
  readSeed(script, taken, findings);
  readOptimizers(script, taken, findings);
  readLoss(script, taken, findings);
  if (taken.values.get('save_strategy')?.data === 'best' && best.some((name) => taken.lost.has(name)))
    lose(taken, 'save_strategy', taken.values.get('save_strategy')!.line);
  dropDependents(taken, groups, findings);
  dropConflicts(taken, findings);
  checkDirection(taken, findings);
  return commit(taken, 'training', findings);
}

function lose({ values, lost }: Taken, name: string, line: number): void {
  values.delete(name);
  if (!lost.has(name)) lost.set(name, line);
}

function readArgument(
  given: string,
  placed: Located,
  script: TrainingCalls,
  taken: Taken,
  findings: Findings,
): void {
  const { line } = placed;
  if (Object.hasOwn(renamed, given)) {
    findings.trap(
      'deprecated-name',
      line,
      `${given} is an older name.`,
      `Today it is ${renamed[given]!}. The recipe has today's name.`,
    );
  }
  if (halfPrecision.has(given)) {
    if (constantOf(placed.value) !== false)
      findings.trap(
        'fp16',
        line,
        `${given} needs a GPU: without one the script stops, and on some models its losses overflow.`,
        'Set precision to bf16 for half precision; the recipe leaves fp16 out.',
      );
    return;
  }
  if (quiet.has(given)) return;
  const name = perGpu.has(given) ? renamed[given]! : given;
  const known = findings.value(name, placed);
  if (!known) return lose(taken, name, line);
  if (known.data === null) return;
  if (name === 'metric_for_best_model') {
    const metric = bestMetric(known.data, script.calls);
    if ('name' in metric) taken.values.set(name, { data: metric.name, line });
    else {
      findings.trap('not-supported', line, metric.why, metric.remedy);
      lose(taken, name, line);
    }
    return;
  }
  // Adam with its states in eight bits, paged or fused: the settings mean the same.
  const isAdam = name === 'optim' && /^(paged_)?adamw/i.test(JSON.stringify(known.data).slice(1));
  if (name === 'data_seed' && known.data === constantOf(script.args?.named.get('seed')?.value)) return;
  if (!take(name, known.data, line, taken, findings) && !isAdam) lose(taken, name, line);
}

/** Whether the setting was taken, or changes nothing; else what was said of it is a trap. */
function take(name: string, value: unknown, line: number, { values }: Taken, findings: Findings): boolean {
  const data = typeof value === 'string' ? value.toLowerCase() : value;
  try {
    const { fields, notes } = resolveTrainingArguments({ [name]: data }, 'script');
    for (const [setting, one] of Object.entries(fields)) {
      const known = trainingSettings[setting as keyof typeof trainingSettings];
      if (!schemaOf({ [setting]: known }).safeParse({ [setting]: one }).success) {
        const message = `${setting} is ${JSON.stringify(one)}; it takes ${rangeText(known)}.`;
        findings.trap('not-supported', line, message, 'It is left out of the recipe.');
        return false;
      }
      // Arguments come one by one here; beside bf16 nothing is left for tf32 to round.
      if (one === 'tf32' && values.get(setting)?.data === 'bf16') continue;
      values.set(setting, { data: one, line });
    }
    if (notes.length > 0) {
      const why = notes[0]!.split('has no effect: ')[1] ?? '';
      findings.trap(
        'no-effect',
        line,
        `${name} has no effect in Graft: ${why}`,
        'It is left out of the recipe.',
      );
    }
    return true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const text = error.message.replace(/^script: training\./, '');
    findings.trap('not-supported', line, text, error.remedy);
    return false;
  }
}

/** `EarlyStoppingCallback(early_stopping_patience=3)`; other callbacks are named. */
function readEarlyStopping({ calls, trainer }: TrainingCalls, taken: Taken, findings: Findings): void {
  const call = calls.find((one) => calledName(one) === 'EarlyStoppingCallback');
  if (call) {
    taken.values.set('early_stopping_patience', { data: 1, line: call.line });
    ['early_stopping_patience', 'early_stopping_threshold'].forEach((name, place) => {
      const given = argument(call, name, place);
      const known = given && findings.value(name, given);
      if (given && !(known && take(name, known.data, given.line, taken, findings)))
        lose(taken, name, given.line);
    });
  }
  const callbacks = trainer?.named.get('callbacks');
  const listed = callbacks?.value.kind === 'list' ? callbacks.value.items : callbacks ? [callbacks] : [];
  for (const { value, line } of listed) {
    if (value.kind === 'call' && calledName(value.call) === 'EarlyStoppingCallback') continue;
    if (constantOf(value) === null) continue;
    const name = value.kind === 'dict' ? value.type : value.kind === 'call' ? calledName(value.call) : '';
    findings.notUnderstood(line, `The callback ${name || 'given here'} is not taken over.`);
  }
}

/** `set_seed(42)`, where TrainingArguments has none. */
function readSeed({ calls }: TrainingCalls, taken: Taken, findings: Findings): void {
  if (taken.values.has('seed') || taken.lost.has('seed')) return;
  const call = calls.find((one) => /^(set_seed|enable_full_determinism)$/.test(calledName(one)));
  const given = call && argument(call, 'seed', 0);
  // `set_seed(training_args.seed)` says nothing new.
  if (!given || given.value.kind === 'member') return;
  const known = findings.value('seed', given);
  if (known) take('seed', known.data, given.line, taken, findings);
}

/** Optimizer and schedule that the script makes by itself take the place of those of TrainingArguments. */
function readOptimizers({ trainer, replaced }: TrainingCalls, taken: Taken, findings: Findings): void {
  const given = trainer?.named.get('optimizers');
  const own = [...replaced].find(([name]) => /^create_(optimizer|scheduler)/.test(name));
  const line = given?.line ?? own?.[1];
  if (line === undefined) return;
  findings.trap(
    'not-supported',
    line,
    'The script makes its optimizer or its schedule by itself.',
    'Graft makes AdamW and a schedule of its settings; set rate, decay and warm-up in the form.',
  );
  for (const name of ['optim', 'lr_scheduler_type']) lose(taken, name, line);
}

/** A loss of the script's own: cross-entropy with class weights is taken, anything else named. */
function readLoss({ calls, trainer, replaced }: TrainingCalls, taken: Taken, findings: Findings): void {
  const line = replaced.get('compute_loss') ?? trainer?.named.get('compute_loss_func')?.line;
  if (line === undefined) return;
  const losses = calls.filter((call) => /^(cross_entropy|CrossEntropyLoss)$/.test(calledName(call)));
  const [loss] = losses;
  const given =
    loss?.named.get('weight') ?? (loss && calledName(loss) === 'CrossEntropyLoss' ? loss.args[0] : undefined);
  const weights = given && weightsOf(given.value);
  const smoothing = loss?.named.get('label_smoothing');
  const smooth = smoothing ? plain(smoothing.value)?.data : 0;
  const isSetting = smoothing?.value.kind === 'member' && smoothing.value.name === 'label_smoothing_factor';
  const known = /^(weight|label_smoothing|input|target|reduction)$/;
  const others = [...(loss?.named ?? [])].filter(
    ([name, { value }]) => !known.test(name) || (name === 'reduction' && constantOf(value) !== 'mean'),
  );
  if (
    losses.length === 1 &&
    weights !== undefined &&
    (isSetting || typeof smooth === 'number') &&
    others.length === 0
  ) {
    taken.values.set('class_weights', { data: weights, line: given!.line });
    const factor = taken.values.get('label_smoothing_factor');
    if (factor && !smoothing) {
      taken.values.delete('label_smoothing_factor');
      const why = 'label_smoothing_factor has no effect where the script computes its loss by itself.';
      findings.trap('no-effect', factor.line, why, 'It is left out of the recipe.');
    }
    if (typeof smooth === 'number' && smooth > 0 && smoothing)
      take('label_smoothing_factor', smooth, smoothing.line, taken, findings);
    return;
  }
  findings.trap(
    'not-supported',
    loss?.line ?? line,
    'The script computes its loss by itself.',
    'Graft takes cross-entropy, with class_weights and label_smoothing_factor where they are set.',
  );
  lose(taken, 'class_weights', loss?.line ?? line);
}

/** Behind `torch.tensor(…)` and the methods that move it. */
function weightsOf(value: Value): 'balanced' | number[] | undefined {
  let at: Value | undefined = value;
  for (let hops = 0; at?.kind === 'call' && hops < 20; hops++) {
    const { call }: { call: Call } = at;
    if (calledName(call) === 'compute_class_weight') {
      return textOf(argument(call, 'class_weight', 0)?.value) === 'balanced' ? 'balanced' : undefined;
    }
    at = call.args[0]?.value ?? (call.callee.kind === 'member' ? call.callee.of : undefined);
  }
  const data = at && plain(at)?.data;
  return Array.isArray(data) && data.length > 0 && data.every((one) => typeof one === 'number')
    ? data
    : undefined;
}

/** Settings that contradict each other stop the script in Trainer too; the groups that they belong to are left out. */
function dropConflicts(taken: Taken, findings: Findings): void {
  for (let left = groups.length; left > 0; left--) {
    const training = Object.fromEntries([...taken.values].map(([name, { data }]) => [name, data]));
    const data = { train: 'train.csv', eval: 'eval.csv' };
    try {
      parseTrainConfig({ model: 'm', data, adapter: { peft_type: 'FULL' }, training }, 'script');
      return;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const { message, remedy } = error;
      const name = [...taken.values.keys()].find((one) => message.includes(`training.${one}`));
      if (name === undefined) return;
      const { line } = taken.values.get(name)!;
      findings.trap(
        'not-supported',
        line,
        message.replace(/^script: /, '').replaceAll('training.', ''),
        remedy,
      );
      lose(taken, name, line);
      dropDependents(taken, groups, findings);
    }
  }
}

/** `greater_is_better` against what the metric means keeps the worst checkpoint. */
function checkDirection({ values }: Taken, findings: Findings): void {
  const given = values.get('greater_is_better');
  const isUsed =
    values.get('load_best_model_at_end')?.data === true ||
    values.has('early_stopping_patience') ||
    values.get('save_strategy')?.data === 'best';
  if (!given || !isUsed) return;
  const chosen = values.get('metric_for_best_model')?.data;
  const metric = typeof chosen === 'string' ? chosen : 'loss';
  if (given.data === !metric.endsWith('loss')) return;
  values.delete('greater_is_better');
  findings.trap(
    'wrong-direction',
    given.line,
    `greater_is_better=${given.data === true ? 'True' : 'False'} with ${metric} keeps the worst checkpoint as the best.`,
    'The recipe leaves it out: the direction follows from the metric.',
  );
}
