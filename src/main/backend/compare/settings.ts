import path from 'node:path';
import { isFields } from '../../../shared/fields.ts';
import { methodOf, methods } from '../../../shared/methods/index.ts';
import { defaultOf, defaultsOf } from '../../../shared/settings/setting.ts';
import type { ComparedRun } from './runs.ts';

type Values = Record<string, unknown>;

const SEED = 'training.seed';
/** Where things stand, or what follows from the rest. */
const incidental = new Set([
  'output_dir',
  'data.train',
  'data.eval',
  ...[
    'base_model_name_or_path',
    'revision',
    'task_type',
    'inference_mode',
    'auto_mapping',
    'peft_version',
  ].map((name) => `adapter.${name}`),
]);

/** Every setting of a run by its path, defaults filled in; data and model by their names. */
function settingsOf({ experiment, config, spec }: ComparedRun): Values {
  const values: Values = {};
  flatten('', config, values);
  for (const [name, value] of Object.entries(defaultsOf(methodOf(experiment.method)?.settings ?? {})))
    values[`adapter.${name}`] ??= readable(value);
  for (const name of incidental) {
    const kept = experiment.versionId === null && name.startsWith('data.') ? values[name] : undefined;
    if (typeof kept === 'string') values[name] = path.basename(kept);
    else Reflect.deleteProperty(values, name);
  }
  if (spec) {
    const { trainSplit, evalSplit, trainSelect, evalSelect } = spec.data;
    flatten(
      'data.',
      { train_split: trainSplit, eval_split: evalSplit, train_select: trainSelect, eval_select: evalSelect },
      values,
    );
  }
  return { ...values, model: experiment.modelName, data: experiment.dataName };
}

function flatten(prefix: string, fields: object, into: Values): void {
  for (const [key, value] of Object.entries(fields) as [string, unknown][]) {
    if (isFields(value) && Object.keys(value).length > 0) flatten(`${prefix}${key}.`, value, into);
    else into[`${prefix}${key}`] = readable(value);
  }
}

/** What is empty is not set. */
function readable(value: unknown): unknown {
  const empty = typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return empty ? null : (value ?? null);
}

export interface SeedGroup {
  ids: string[];
  name: string;
}

/** Runs that differ in nothing but their seed, where there are two seeds or more. */
export function seedGroupsOf(runs: readonly ComparedRun[]): SeedGroup[] {
  const groups = new Map<string, ComparedRun[]>();
  for (const run of runs) {
    const { [SEED]: _, ...rest } = settingsOf(run);
    const key = JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)));
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  return [...groups.values()]
    .filter((group) => new Set(group.map(({ experiment }) => experiment.seed)).size > 1)
    .map((group) => ({
      ids: group.map(({ experiment }) => experiment.id),
      name: withoutSeed(group[0]!.experiment.name),
    }));
}

/** "LoRA r=16, seed 43" is a run of "LoRA r=16". */
const withoutSeed = (name: string): string => name.replace(/[\s,;:·(–—-]*\bseed[\s=:]*\d+\)?$/i, '') || name;

/** Settings in which the runs differ, one value a run; seeds not where every run has its like with another seed. */
export function differencesOf(
  runs: readonly ComparedRun[],
  groups: readonly SeedGroup[],
): { path: string; values: unknown[] }[] {
  const settings = runs.map(settingsOf);
  const paths = [...new Set(settings.flatMap((values) => Object.keys(values)))];
  const grouped = new Set(groups.flatMap(({ ids }) => ids));
  const seedsAside = groups.length > 1 && runs.every(({ experiment }) => grouped.has(experiment.id));
  return paths
    .filter((name) => !(name === SEED && seedsAside))
    .map((name) => ({ path: name, values: settings.map((values) => values[name] ?? null) }))
    .filter(
      ({ path: name, values }) => differ(values) && !(name.startsWith('adapter.') && idle(name, values)),
    )
    .sort((a, b) => rank(a.path) - rank(b.path));
}

const differ = (values: readonly unknown[]): boolean =>
  new Set(values.map((value) => JSON.stringify(value))).size > 1;

/**
 * Only a default beside runs to which the setting does not apply. What a method is called by is told all the same where
 * one run has it and another has not.
 */
function idle(name: string, values: readonly unknown[]): boolean {
  const own = name.replace('adapter.', '');
  const having = methods.filter(({ settings }) => Object.hasOwn(settings, own));
  if (having.length === 0 || having.some(({ identifying }) => identifying.includes(own))) return false;
  const defaults = having.map(({ settings }) => JSON.stringify(readable(defaultOf(settings[own]!))));
  return values.every((value) => value === null || defaults.includes(JSON.stringify(value)));
}

/** Data, model and method first. */
function rank(name: string): number {
  const order = ['data', 'model', 'adapter.peft_type', 'data.', 'adapter.', 'training.'];
  const place = order.findIndex((part) => (part.endsWith('.') ? name.startsWith(part) : name === part));
  return place === -1 ? order.length : place;
}
