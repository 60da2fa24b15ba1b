import { Fault } from '../../../../shared/faults/index.ts';
import { defaultMethod } from '../../../../shared/methods/index.ts';
import { rangeText, schemaOf } from '../../../../shared/settings/setting.ts';
import { parseTrainConfig, settingsOf } from '../../../../shared/settings/train-config.ts';
import { trainingSettings } from '../../../../shared/settings/training.ts';
import { resolveTrainingArguments } from '../../../../shared/settings/training-arguments.ts';
import { constant, constantOf, plain, type Call, type Located, type Value } from '../python/values.ts';
import { ownMethods, Section, type ScriptReading, type Group } from './script-reading.ts';
import { bestMetric } from './metrics.ts';

/** Older names, and what they are called today. */
const renamed: Readonly<Record<string, string>> = {
  evaluation_strategy: 'eval_strategy',
  per_gpu_train_batch_size: 'per_device_train_batch_size',
  per_gpu_eval_batch_size: 'per_device_eval_batch_size',
  no_cuda: 'use_cpu',
  overwrite_output_dir: 'nothing: it is gone in transformers 5',
};
/** Names that set nothing of the arithmetic, and need no word. */
const quiet = new Set(['output_dir', 'report_to', 'logging_dir', 'run_name', 'push_to_hub']);

const best = [
  'load_best_model_at_end',
  'metric_for_best_model',
  'greater_is_better',
  'early_stopping_patience',
  'early_stopping_threshold',
];
const evaluation = ['eval_strategy', 'evaluation_strategy', 'eval_steps'];
const saves = ['save_strategy', 'save_steps'];
const groups: readonly Group[] = [
  { names: evaluation },
  { names: saves },
  { names: best, needs: [...evaluation, ...saves] },
  { names: ['num_train_epochs', 'max_steps'] },
  { names: ['per_device_train_batch_size', 'gradient_accumulation_steps'], needs: ['auto_find_batch_size'] },
  {
    names: [
      ...['optim', 'learning_rate', 'weight_decay', 'adam_beta1', 'adam_beta2', 'adam_epsilon'],
      ...['loraplus_lr_ratio', 'loraplus_lr_embedding'],
    ],
    needs: ['optim_args', 'adafactor', 'optim_target_modules'],
  },
  { names: ['lr_scheduler_type', 'lr_scheduler_kwargs', 'warmup_steps'], needs: ['warmup_ratio'] },
  { names: ['label_smoothing_factor', 'class_weights'] },
  { names: ['seed'], needs: ['data_seed'] },
];

/** Settings of training as Graft takes them: older names resolved, groups whole or not at all, all else named. */
export function readTraining(script: ScriptReading): Record<string, unknown> {
  const section = new Section(script);
  for (const [given, located] of script.args?.named ?? []) readArgument(given, located, section);
  for (const read of [readEarlyStopping, readSeed, readOptimizers, readLoss]) read(section);
  const strategy = section.values.get('save_strategy');
  if (strategy?.data === 'best' && best.some((name) => section.lost.has(name)))
    section.lose('save_strategy', strategy.line);
  section.dropDependents(groups);
  dropConflicts(section);
  checkDirection(section);
  return section.commit('training');
}

function readArgument(given: string, located: Located, section: Section): void {
  const { line, value } = located;
  const { script } = section;
  const today = Object.hasOwn(renamed, given) ? renamed[given] : undefined;
  if (today !== undefined) script.trap('deprecated-name/resolved', line, { name: given, today });
  if (given === 'fp16' || given === 'fp16_full_eval') {
    if (constantOf(value) !== false) script.trap('fp16', line, { name: given });
    return;
  }
  if (quiet.has(given)) return;
  const name = given.startsWith('per_gpu') && today !== undefined ? today : given;
  const known = script.value(name, located);
  if (!known) return section.lose(name, line);
  const { data } = known;
  if (data === null) return;
  if (name === 'metric_for_best_model') {
    const metric = bestMetric(data, script.calls);
    if ('name' in metric) section.values.set(name, { data: metric.name, line });
    else refuse(name, line, metric, section);
    return;
  }
  // Adam with its states in eight bits, paged or fused: the settings mean the same.
  const isAdam = name === 'optim' && typeof data === 'string' && /^(paged_)?adamw/i.test(data);
  if (name === 'data_seed' && data === constantOf(script.args?.named.get('seed')?.value)) return;
  if (!take(name, data, line, section) && !isAdam) section.lose(name, line);
}

function refuse(
  name: string,
  line: number,
  text: { message: string; remedy: string },
  section: Section,
): void {
  section.script.trap('not-supported', line, text);
  section.lose(name, line);
}

/** Whether the setting was taken, or changes nothing; else what was said of it is a trap. */
function take(name: string, value: unknown, line: number, { values, script }: Section): boolean {
  const data = typeof value === 'string' ? value.toLowerCase() : value;
  try {
    const { fields, idle } = resolveTrainingArguments({ [name]: data }, 'script');
    for (const [setting, resolved] of Object.entries(fields)) {
      const known = trainingSettings[setting as keyof typeof trainingSettings];
      if (!schemaOf({ [setting]: known }).safeParse({ [setting]: resolved }).success) {
        script.trap('not-supported/range', line, { name: setting, value: resolved, range: rangeText(known) });
        return false;
      }
      // Arguments come one by one here; beside bf16 nothing is left for tf32 to round.
      if (resolved === 'tf32' && values.get(setting)?.data === 'bf16') continue;
      values.set(setting, { data: resolved, line });
    }
    for (const { why } of idle) script.trap('no-effect', line, { name, why });
    return true;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    script.trap('not-supported', line, shortened(error));
    return false;
  }
}

/** What a refusal says, without the source and the section that it is told. */
const shortened = ({ message, remedy }: Fault): { message: string; remedy: string } => ({
  message: message.replace('script: ', '').replaceAll('training.', ''),
  remedy,
});

/** `EarlyStoppingCallback(early_stopping_patience=3)`; other callbacks are named. */
function readEarlyStopping(section: Section): void {
  const { script, values } = section;
  const { calls, trainer } = script;
  const call = calls.find(({ name }) => name === 'EarlyStoppingCallback');
  if (call) values.set('early_stopping_patience', { data: 1, line: call.line });
  for (const [position, name] of ['early_stopping_patience', 'early_stopping_threshold'].entries()) {
    const given = call && call.argument(name, position);
    const known = given && script.value(name, given);
    if (given && !(known && take(name, known.data, given.line, section))) section.lose(name, given.line);
  }
  const callbacks = trainer?.named.get('callbacks');
  for (const { value, line } of callbacks?.value.kind === 'list'
    ? callbacks.value.items
    : callbacks
      ? [callbacks]
      : []) {
    const name = value.kind === 'dict' ? value.type : value.kind === 'call' ? value.call.name : null;
    if (name !== 'EarlyStoppingCallback' && constantOf(value) !== null)
      script.notTaken('callback', line, { name: name ?? 'given here' });
  }
}

/** `set_seed(42)`, where TrainingArguments has none. */
function readSeed(section: Section): void {
  if (section.values.has('seed') || section.lost.has('seed')) return;
  const call = section.script.calls.find(({ name }) => /^(set_seed|enable_full_determinism)$/.test(name));
  const given = call && call.argument('seed', 0);
  // `set_seed(training_args.seed)` says nothing new.
  if (!given || given.value.kind === 'member') return;
  const known = section.script.value('seed', given);
  if (known) take('seed', known.data, given.line, section);
}

/**
 * Optimizer and schedule that the script makes by itself take the place of those of TrainingArguments; that of LoRA+ with
 * the settings of TrainingArguments is AdamW with two settings more.
 */
function readOptimizers(section: Section): void {
  const plus = section.script.calls.find(({ name }) => name === 'create_loraplus_optimizer');
  if (plus) return readLoraPlus(plus, section);
  const { trainer } = section.script;
  const own = ownMethods(trainer).find(({ name }) => /^create_(optimizer|scheduler)/.test(name));
  const line = trainer?.named.get('optimizers')?.line ?? own?.line;
  if (line === undefined) return;
  section.script.trap('not-supported/optimizer', line, {});
  for (const name of ['optim', 'lr_scheduler_type']) section.lose(name, line);
}

/** What `create_loraplus_optimizer` is given; a rate or decay that is not said there is 0 or an error in PEFT. */
function readLoraPlus(call: Call, section: Section): void {
  const { script } = section;
  const betas = call.named.get('betas')?.value;
  const [beta1, beta2] = betas?.kind === 'list' ? betas.items : [];
  const given = {
    learning_rate: call.argument('lr'),
    loraplus_lr_ratio: call.argument('loraplus_lr_ratio'),
    loraplus_lr_embedding: call.argument('loraplus_lr_embedding'),
    weight_decay: call.argument('loraplus_weight_decay') ?? { value: constant(0), line: call.line },
    adam_beta1: beta1,
    adam_beta2: beta2,
    adam_epsilon: call.argument('eps'),
  };
  for (const [name, located] of Object.entries(given)) {
    // `args.learning_rate` says nothing new.
    if (!located || located.value.kind === 'member') continue;
    const known = script.value(name, located);
    if (!(known && take(name, known.data, located.line, section))) section.lose(name, located.line);
  }
  const both = script.trainer?.named.get('optimizers');
  const schedule = both?.value.kind === 'list' ? both.value.items[1] : undefined;
  if (!both || constantOf(schedule?.value) === null) return;
  script.trap('not-supported/optimizer', both.line, {});
  section.lose('lr_scheduler_type', both.line);
}

/** A loss of the script's own: cross-entropy with class weights is taken, anything else named. */
function readLoss(section: Section): void {
  const { calls, trainer } = section.script;
  const own = ownMethods(trainer).find(({ name }) => name === 'compute_loss');
  const line = own?.line ?? trainer?.named.get('compute_loss_func')?.line;
  if (line === undefined) return;
  const { script, values } = section;
  const [loss, ...others] = calls.filter((call) => /^(cross_entropy|CrossEntropyLoss)$/.test(call.name));
  const position = loss && loss.name === 'CrossEntropyLoss' ? 0 : -1;
  const given = loss && loss.argument('weight', position);
  const weights = given && weightsOf(given.value);
  const smoothing = loss?.named.get('label_smoothing');
  const smooth = smoothing ? plain(smoothing.value)?.data : 0;
  const isSetting = smoothing?.value.kind === 'member' && smoothing.value.name === 'label_smoothing_factor';
  const isPlain = [...(loss?.named ?? [])].every(([name, { value }]) =>
    name === 'reduction'
      ? constantOf(value) === 'mean'
      : /^(weight|label_smoothing|input|target)$/.test(name),
  );
  if (others.length > 0 || !given || !weights || !isPlain || !(isSetting || typeof smooth === 'number')) {
    script.trap('not-supported/loss', loss?.line ?? line, {});
    return section.lose('class_weights', loss?.line ?? line);
  }
  values.set('class_weights', { data: weights, line: given.line });
  const factor = values.get('label_smoothing_factor');
  if (factor && !smoothing) {
    values.delete('label_smoothing_factor');
    script.trap('no-effect/loss', factor.line, {});
  }
  if (typeof smooth === 'number' && smooth > 0 && smoothing)
    take('label_smoothing_factor', smooth, smoothing.line, section);
}

/** Behind `torch.tensor(…)` and the methods that move it. */
function weightsOf(value: Value): 'balanced' | number[] | undefined {
  let at: Value | undefined = value;
  for (let hops = 0; at?.kind === 'call' && hops < 20; hops++) {
    const { call }: { call: Call } = at;
    if (call.name === 'compute_class_weight')
      return call.text('class_weight', 0) === 'balanced' ? 'balanced' : undefined;
    at = call.source;
  }
  const data = plain(at)?.data;
  const isNumbers =
    Array.isArray(data) && data.length > 0 && data.every((weight) => typeof weight === 'number');
  return isNumbers ? data : undefined;
}

/** Settings that contradict each other stop the script in Trainer too; the groups that they belong to are left out. */
function dropConflicts(section: Section): void {
  for (let left = groups.length; left > 0; left--) {
    const training = Object.fromEntries([...section.values].map(([name, { data }]) => [name, data]));
    const data = { train: 'train.csv', eval: 'eval.csv' };
    try {
      parseTrainConfig({ model: 'm', data, adapter: { peft_type: defaultMethod.type }, training }, 'script');
      return;
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const paths = settingsOf(error).map((path) => path.split('.')[1]);
      const found = [...section.values].find(([name]) => paths.includes(name));
      if (found === undefined) return;
      refuse(found[0], found[1].line, shortened(error), section);
      section.dropDependents(groups);
    }
  }
}

/** `greater_is_better` against what the metric means keeps the worst checkpoint. */
function checkDirection({ values, script }: Section): void {
  const given = values.get('greater_is_better');
  const isUsed =
    values.get('load_best_model_at_end')?.data === true ||
    values.has('early_stopping_patience') ||
    values.get('save_strategy')?.data === 'best';
  const chosen = values.get('metric_for_best_model')?.data;
  const metric = typeof chosen === 'string' ? chosen : 'loss';
  if (!given || !isUsed || given.data === !metric.endsWith('loss')) return;
  values.delete('greater_is_better');
  script.trap('wrong-direction', given.line, { value: given.data === true ? 'True' : 'False', metric });
}
