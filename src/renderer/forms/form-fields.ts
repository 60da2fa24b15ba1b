import { isFields, type Fields } from '../../shared/fields.ts';
import { defaultMethod, methodOf, methods } from '../../shared/methods/index.ts';
import {
  conditionText,
  defaultOf,
  hasEffect as settingHasEffect,
  rangeText,
  schemaOf,
  type Setting,
  type Settings,
} from '../../shared/settings/setting.ts';
import { dataSettings } from '../../shared/settings/train-config.ts';
import { trainingSettings } from '../../shared/settings/training.ts';

/** A setting in the form: where its value stands in the spec, and its words. */
export interface FormField {
  /** `['training', 'learning_rate']` */
  path: readonly string[];
  /** Its name in TrainingArguments or LoraConfig. */
  name: string;
  label: string;
  setting: Setting;
}

const labelOf = ([name, setting]: [string, Setting]): [string, string][] =>
  'label' in setting && setting.label !== undefined ? [[name, setting.label]] : [];

/** Names for people; the others are read off their own name. */
const labels: Readonly<Record<string, string>> = {
  ...Object.fromEntries(methods.flatMap(({ settings }) => Object.entries(settings)).flatMap(labelOf)),
  num_train_epochs: 'Epochs',
  max_steps: 'Steps in all',
  per_device_train_batch_size: 'Batch size',
  per_device_eval_batch_size: 'Batch size, evaluation',
  gradient_accumulation_steps: 'Accumulation',
  loraplus_lr_ratio: 'LoRA+ ratio',
  loraplus_lr_embedding: 'LoRA+ rate of embeddings',
  lr_scheduler_type: 'Schedule',
  max_grad_norm: 'Clip gradients at',
  optim: 'Optimizer',
  warmup_steps: 'Warm-up',
  label_smoothing_factor: 'Label smoothing',
  sampler: 'Order of rows',
  eval_strategy: 'Evaluate',
  eval_steps: 'Evaluate every',
  save_strategy: 'Checkpoints',
  save_steps: 'Checkpoint every',
  save_total_limit: 'Checkpoints kept',
  load_best_model_at_end: 'Keep the best',
  metric_for_best_model: 'Best by',
  greater_is_better: 'Higher is better',
  early_stopping_patience: 'Stop early after',
  early_stopping_threshold: 'Gain that counts',
  logging_steps: 'Log every',
  power: 'Power of the schedule',
  lr_end: 'Learning rate at the end',
  num_cycles: 'Waves',
};

const commonTraining = [
  'num_train_epochs',
  'per_device_train_batch_size',
  'learning_rate',
  'lr_scheduler_type',
  'warmup_steps',
  'precision',
  'seed',
];
const commonEvaluation = [
  'eval_strategy',
  'eval_steps',
  'load_best_model_at_end',
  'metric_for_best_model',
  'early_stopping_patience',
];
const moreEvaluation = [
  'greater_is_better',
  'early_stopping_threshold',
  'per_device_eval_batch_size',
  'save_strategy',
  'save_steps',
  'save_total_limit',
];

export type SectionName = 'method' | 'training' | 'evaluation';

/** A setting's name for people. */
export function settingLabel(name: string): string {
  const plain = name.replaceAll('_', ' ');
  return Object.hasOwn(labels, name) ? labels[name]! : plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** Names of settings in a sentence, with or without the section before them; plain words like "bias" only with it. */
const named = new RegExp(
  `\\b(?:training|adapter|data)(?:\\.[a-z_]+)+\\b|\\b(?:${[
    ...methods.flatMap(({ settings }) => Object.keys(settings)),
    ...Object.keys(trainingSettings),
    'max_length',
  ]
    .filter((name) => name.includes('_'))
    .join('|')})\\b`,
  'g',
);

/** A message with the labels of the form in the place of paths and names of settings; figures keep their percent sign. */
export function inWords(message: string): string {
  return message
    .replace(named, (path) => fieldLabel(path === 'max_length' ? 'data.maxLength' : path))
    .replaceAll(/(\d) %/g, '$1\u00a0%');
}

const specLabels: Readonly<Record<string, string>> = {
  name: 'Name',
  initAdapterId: 'Goes on from',
  modelOverrides: "Changes of the model's config",
  'data.maxLength': 'Longest text',
  'data.max_length': 'Longest text',
};

/** The words of the form for a path of a spec ("training.warmup_steps", "data.maxLength"). */
export function fieldLabel(path: string): string {
  return specLabels[path] ?? settingLabel(path.split('.').at(-1)!);
}

function flatten(settings: Settings, path: readonly string[]): FormField[] {
  return Object.entries(settings).flatMap(([name, setting]): FormField[] => {
    if (setting.type === 'group') return flatten(setting.fields, [...path, name]);
    return [{ path: [...path, name], name, label: settingLabel(name), setting }];
  });
}

/** Those of the chosen method. */
const methodSettings = (spec: Fields): Settings =>
  (methodOf(valueAt(spec, ['adapter', 'peft_type'])) ?? defaultMethod).settings;
const methodFields = (spec: Fields): FormField[] => flatten(methodSettings(spec), ['adapter']);
const trainingFields = flatten(trainingSettings, ['training']);

/** The fields of a section: those that most people set, then the rest. `spec` says the method. */
export function sectionFields(
  section: SectionName,
  spec: Fields = {},
): { common: FormField[]; more: FormField[] } {
  const pick = (names: readonly string[], from: FormField[]) =>
    names.flatMap((name) => from.filter((field) => field.name === name));
  if (section === 'method') {
    const isCommon = ({ setting }: FormField): boolean => 'common' in setting && setting.common === true;
    const [common, more] = [true, false].map((wanted) =>
      methodFields(spec).filter((field) => isCommon(field) === wanted),
    ) as [FormField[], FormField[]];
    return { common, more };
  }
  if (section === 'evaluation')
    return {
      common: pick(commonEvaluation, trainingFields),
      more: pick(moreEvaluation, trainingFields),
    };
  const elsewhere = [...commonTraining, ...commonEvaluation, ...moreEvaluation];
  return {
    common: pick(commonTraining, trainingFields),
    more: trainingFields.filter(({ name }) => !elsewhere.includes(name)),
  };
}

const { max_length, padding, train_select, split } = dataSettings;
const { shuffle_seed, count } = train_select.fields;
const data = (path: string, name: string, label: string, setting: Setting): FormField => ({
  path: ['data', ...path.split('.')],
  name,
  label,
  setting,
});

/** The settings of the rows. Their names in the spec are the contract's, their words those of a config. */
export const dataFields = {
  train: [
    data('trainSelect.count', 'count', 'Training rows', count),
    data('trainSelect.shuffle_seed', 'shuffle_seed', 'Shuffled with seed', shuffle_seed),
  ],
  evaluation: [
    data('evalSelect.count', 'count', 'Evaluation rows', count),
    data('evalSelect.shuffle_seed', 'shuffle_seed', 'Shuffled with seed', shuffle_seed),
  ],
  heldOut: [
    data('split.test_size', 'test_size', 'Share set aside', split.fields.test_size),
    data('split.seed', 'seed', 'Chosen with seed', split.fields.seed),
  ],
  tokens: [
    data('maxLength', 'max_length', 'Longest text', max_length),
    data('padding', 'padding', 'Padding', padding),
  ],
} as const;

/** The value at a path of the spec; undefined: left out. */
export function valueAt(spec: Fields, path: readonly string[]): unknown {
  return path.reduce<unknown>((value, key) => (isFields(value) ? value[key] : undefined), spec);
}

/** The merge patch that puts a value at a path; null or undefined: back to its default. */
export function patchAt(path: readonly string[], value: unknown): Fields {
  return path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value ?? null) as Fields;
}

/** Whether the setting has an effect beside the others that were chosen. */
export function hasEffect(field: FormField, spec: Fields): boolean {
  const area = field.path[0]!;
  const settings = settingsAround(field, spec);
  const read = (name: string) =>
    valueAt(spec, [area, name]) ?? (settings[name] ? defaultOf(settings[name]) : null);
  return withGroup(field, spec).every((setting) => settingHasEffect(setting, read, settings));
}

const settingsAround = ({ path }: FormField, spec: Fields): Settings =>
  path[0] === 'adapter' ? methodSettings(spec) : trainingSettings;

/** The setting and the group that it is in: both must have an effect. */
function withGroup(field: FormField, spec: Fields): Setting[] {
  const group = field.path.length > 2 ? settingsAround(field, spec)[field.path[1]!] : undefined;
  return group ? [group, field.setting] : [field.setting];
}

/** Why a setting is without effect beside the others; null: it has one. */
export function noEffectReason(field: FormField, spec: Fields): string | null {
  if (hasEffect(field, spec)) return null;
  const words = withGroup(field, spec)
    .map((setting) =>
      conditionText(setting, settingLabel, (value) => (value === 'no' ? '"no"' : String(value))),
    )
    .filter((text) => text !== '');
  return `No effect here. It has one when ${words.join(', and ')}.`;
}

/** Why a value does not fit, in words; null: it fits, or is left out. */
export function problemOf(setting: Setting, value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (schemaOf({ value: setting }).safeParse({ value }).success) return null;
  const shown = typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
  const range = rangeText(setting);
  return `${shown} does not fit. It takes ${range}.`;
}

/** The first problem among all fields that have an effect; null: none. */
export function firstProblem(spec: Fields): { field: FormField; problem: string } | null {
  for (const field of [...methodFields(spec), ...trainingFields]) {
    if (!hasEffect(field, spec)) continue;
    const problem = problemOf(field.setting, valueAt(spec, field.path));
    if (problem !== null) return { field, problem };
  }
  return null;
}
