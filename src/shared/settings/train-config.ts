import { isFields } from '../fields.ts';
import type { z } from 'zod';
import { fault, type Fault } from '../faults/index.ts';
import { defaultMethod, isLaterType, methodOf, methods, methodTypes } from '../methods/index.ts';
import { taskKeys, tasks } from '../tasks/index.ts';
import { nearestName } from './nearest.ts';
import { rangeText, schemaOf, type Setting, type Settings, type SettingsValues } from './setting.ts';
import { trainingSettings } from './training.ts';
import { resolveTrainingArguments } from './training-arguments.ts';
import { settleTraining } from './training-rules.ts';

/** Rows to take of a file: `shuffle(shuffle_seed).select(range(count))`. */
const selectFields = {
  shuffle_seed: {
    type: 'integer',
    default: null,
    min: 0,
    help: 'Shuffles the rows as datasets.shuffle(seed) does; left out: the order of the file.',
  },
  count: {
    type: 'integer',
    default: null,
    min: 1,
    help: 'Rows taken; more take longer and teach more. Left out: all.',
  },
} as const satisfies Settings;

/** Where the rows of an experiment come from. */
export const dataSettings = {
  train: {
    type: 'required text',
    help: 'The training rows: .csv, .tsv, .jsonl, .json, .xlsx, .parquet, .txt (fastText too), or a folder with a folder a class.',
  },
  eval: { type: 'text', default: null, help: 'The file with the evaluation rows.' },
  text_column: { type: 'text', default: 'text', help: 'The column with the text.' },
  text_columns: {
    type: 'text list',
    default: null,
    help: 'Several columns read as one text, in this order, for example title and text; in place of text_column.',
  },
  text_separator: {
    type: 'text',
    default: ' ',
    help: 'What stands between the texts of text_columns; empty ones are left out.',
    when: { text_columns: 'set' },
  },
  text_pair_column: { type: 'text', default: null, help: 'The column with the second text of a pair.' },
  label_column: { type: 'text', default: 'label', help: 'The column with the class, as a name or a number.' },
  label_map: {
    type: 'label map',
    default: {},
    help: 'The class that each label value becomes ({"1": "negative", "2": "negative"} merges two); null leaves its rows out.',
  },
  empty_labels: {
    type: 'choice',
    choices: ['refuse', 'leave_out'],
    default: 'refuse',
    help: 'Rows without a label: refuse stops and names them, leave_out takes the others and lists them.',
  },
  ragged_rows: {
    type: 'choice',
    choices: ['refuse', 'leave_out'],
    default: 'refuse',
    help: 'Rows with too few or too many fields: refuse stops and names the first, leave_out takes the others and lists them.',
  },
  column_names: {
    type: 'text list',
    default: null,
    help: 'Names for the columns of a file without a header line.',
  },
  encoding: {
    type: 'text',
    default: null,
    help: 'Encoding of text files that are not UTF-8, such as windows-1251 or gb18030; found by itself where it can be told.',
  },
  train_select: { type: 'group', default: null, fields: selectFields, help: 'Training rows to take.' },
  eval_select: {
    type: 'group',
    default: null,
    fields: selectFields,
    help: 'Evaluation rows to take.',
    when: { eval: 'set' },
  },
  split: {
    type: 'group',
    default: null,
    help: 'Sets training rows aside for evaluation, the same share of every class.',
    when: { eval: 'left out' },
    fields: {
      test_size: {
        type: 'number',
        default: 0.2,
        above: 0,
        below: 1,
        help: 'Share set aside; more make metrics surer and leave less to learn from.',
      },
      seed: { type: 'integer', default: 42, min: 0, max: 4294967295, help: 'Another seed, another split.' },
    },
  },
  max_length: {
    type: 'integer',
    default: null,
    min: 3,
    help: "Tokens after which a text is cut; more keep more of it and take longer. Left out: the model's limit.",
  },
  padding: {
    type: 'choice',
    choices: ['longest', 'max_length'],
    default: 'longest',
    help: 'longest computes no padding at all; max_length computes every text at full length, slower, same results.',
  },
} as const satisfies Settings;

const baselines = methods.flatMap(({ peft, type }) => (peft ? [] : [type])).join(' or ');

/** The top level of a training config. `adapter` and `training` are checked by their own sections. */
export const configSettings = {
  model: { type: 'required text', help: 'The base model: a folder or a hub id.' },
  model_overrides: {
    type: 'record',
    default: {},
    help: "Fields of the model's config.json to change, for example hidden_dropout_prob.",
  },
  task: {
    type: 'choice',
    choices: taskKeys,
    default: taskKeys[0]!,
    help: `What is learnt: ${tasks.map(({ learns }) => learns).join('; ')}.`,
  },
  data: { type: 'group', default: {}, fields: dataSettings, help: 'Where the rows come from.' },
  adapter: {
    type: 'record',
    default: {},
    help: `The fields of adapter_config.json, peft_type included; peft_type ${baselines} for the baselines.`,
  },
  init_adapter: {
    type: 'text',
    default: null,
    help: 'An adapter whose values training goes on from; layers that it lacks are drawn, trained and saved. In a file: its folder.',
  },
  training: {
    type: 'group',
    default: {},
    fields: trainingSettings,
    help: "The names of transformers' TrainingArguments.",
  },
  output_dir: { type: 'text', default: null, help: 'The folder for the adapter, metrics and checkpoints.' },
} as const satisfies Settings;

const laterTasks = [
  'multi_label_classification',
  'regression',
  'token_classification',
  'similarity',
  'masked_lm',
];

export type AdapterFields = Record<string, unknown> & { peft_type: string };

/** An experiment's configuration: one JSON or YAML file, every setting present. */
export type TrainConfig = Omit<SettingsValues<typeof configSettings>, 'adapter'> & { adapter: AdapterFields };

const configSchema = schemaOf(configSettings);

/**
 * Checks a training config that came out of `source` (a file name, for the messages) and fills in the defaults.
 * Notes say what was accepted without an effect. Throws `settings/…`, naming the key path and the remedy.
 */
export function parseTrainConfig(value: unknown, source: string): { config: TrainConfig; notes: string[] } {
  if (!isFields(value)) throw fault('settings/not-an-object', { source, path: null });
  refuseLaterTask(value['task'], source);
  const given = { ...value };
  const notes: string[] = [];
  if (given['training'] != null) {
    if (!isFields(given['training'])) throw fault('settings/not-an-object', { source, path: 'training' });
    const resolved = resolveTrainingArguments(given['training'], source);
    given['training'] = resolved.fields;
    notes.push(...resolved.idle.map(({ name, why }) => `${source}: training.${name} has no effect: ${why}.`));
  }
  const parsed = configSchema.safeParse(given);
  if (!parsed.success) throw issueFault(parsed.error.issues[0]!, given, source);
  const { adapter, ...rest } = parsed.data;
  const config = { ...rest, adapter: checkAdapter(adapter, source) };
  config.training = settleTraining(config, isFields(given['training']) ? given['training'] : {}, source);
  return { config, notes };
}

/** The settings that a refusal of a config is about, by their paths. */
export const settingsOf = ({ parameters: { path, first, second } }: Fault): string[] =>
  [path, Array.isArray(first) ? first[0] : null, Array.isArray(second) ? second[0] : null].filter(
    (setting) => typeof setting === 'string',
  );

function refuseLaterTask(task: unknown, source: string): void {
  if (typeof task !== 'string' || !laterTasks.includes(task) || taskKeys.includes(task)) return;
  throw fault('settings/later', { source, path: 'task', value: task, now: configSettings.task.choices });
}

function checkAdapter(adapter: Record<string, unknown>, source: string): AdapterFields {
  const given = adapter['peft_type'];
  if (given === undefined)
    throw fault('settings/required', {
      source,
      path: 'adapter.peft_type',
      example: `"${defaultMethod.type}"`,
    });
  const known = methodOf(given);
  if (known) return { ...adapter, peft_type: known.type };
  if (typeof given === 'string' && isLaterType(given)) {
    throw fault('settings/later', { source, path: 'adapter.peft_type', value: given, now: methodTypes() });
  }
  throw fault('settings/value', {
    source,
    path: 'adapter.peft_type',
    value: JSON.stringify(given),
    expected: `one of ${methodTypes().join(', ')}`,
    help: configSettings.adapter.help,
  });
}

/** The fault for a zod issue: the setting's own description says what was expected. */
function issueFault(issue: z.core.$ZodIssue, given: unknown, source: string): Error {
  let settings: Settings = configSettings;
  let setting: Setting | undefined;
  let value: unknown = given;
  // An issue may lie deeper than the settings do (an element of a list): the last setting on the way is named.
  const names: string[] = [];
  for (const key of issue.path) {
    const next = settings[String(key)];
    if (next === undefined) break;
    setting = next;
    names.push(String(key));
    value = isFields(value) ? value[String(key)] : undefined;
    settings = setting.type === 'group' ? setting.fields : {};
  }
  const path = names.join('.');
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys[0]!;
    const known = Object.keys(settings);
    const nearest = nearestName(unknown, known);
    return fault('settings/unknown', { source, path: [...names, unknown].join('.'), nearest, known });
  }
  if (setting === undefined) return fault('settings/not-an-object', { source, path: null });
  if (value === undefined) return fault('settings/required', { source, path, example: '"…"' });
  if (setting.type === 'group' && !isFields(value)) return fault('settings/not-an-object', { source, path });
  return fault('settings/value', {
    source,
    path,
    value: JSON.stringify(value),
    expected: rangeText(setting),
    help: setting.help,
  });
}
