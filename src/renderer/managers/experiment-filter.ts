import { methodName, methodText as methodAndRank } from '../../shared/methods/index.ts';
import type { Experiment, ExperimentState } from '../../shared/contract/experiments.ts';
import { distinct, hasWords } from '../text-search.ts';

/** Words of the filters; '' is "any". */
export interface Filters {
  query: string;
  state: string;
  data: string;
  model: string;
  method: string;
  tag: string;
  starred: boolean;
  archived: boolean;
}
export const noFilters: Filters = {
  query: '',
  state: '',
  data: '',
  model: '',
  method: '',
  tag: '',
  starred: false,
  archived: false,
};

/** "LoRA r=16" */
export const methodText = ({ method, settings }: Pick<Experiment, 'method' | 'settings'>): string =>
  methodAndRank(method, settings.rank);

/** The number that an experiment is judged by in a list: accuracy, else the first of its metrics. */
export function mainMetric({ metrics }: Pick<Experiment, 'metrics'>): { name: string; value: number } | null {
  if (metrics === null) return null;
  for (const name of ['accuracy', 'f1_macro', ...Object.keys(metrics)])
    if (metrics[name] !== undefined) return { name, value: metrics[name] };
  return null;
}

const stateOrder: readonly ExperimentState[] = [
  'running',
  'starting',
  'queued',
  'paused',
  'interrupted',
  'failed',
  'stopped',
  'finished',
];
/** Where a state stands when a list is sorted by it: what runs first; the queue in its own order. */
export const stateRank = ({ state, queuePlace }: Experiment): number =>
  stateOrder.indexOf(state) + (queuePlace ?? 0) / 1e6;

const words = (one: Experiment): string =>
  [one.name, one.dataName, one.modelName, methodName(one.method), ...one.tags].join(' ');

function passes(one: Experiment, filters: Filters): boolean {
  if (one.archived !== filters.archived) return false;
  if (filters.starred && !one.starred) return false;
  if (filters.state !== '' && one.state !== filters.state) return false;
  if (filters.data !== '' && one.dataName !== filters.data) return false;
  if (filters.model !== '' && one.modelName !== filters.model) return false;
  if (filters.method !== '' && one.method !== filters.method) return false;
  if (filters.tag !== '' && !one.tags.includes(filters.tag)) return false;
  return hasWords(words(one), filters.query);
}

/** The filters as a sentence has them: "that are", "on", "with", each with the values that occur. */
export function filterChips(filters: Filters, values: FilterOptions) {
  const chip = (key: keyof FilterOptions, label: string, nameOf = (value: string) => value) => ({
    key,
    label,
    value: filters[key],
    options: values[key].map((value) => ({ value, label: nameOf(value) })),
  });
  return [
    chip('state', 'that are'),
    chip('data', 'on'),
    chip('model', 'with'),
    chip('method', 'by', methodName),
    chip('tag', 'tagged'),
  ];
}

/** The experiments that the filters let through. */
export function chosenExperiments(all: readonly Experiment[], filters: Filters): Experiment[] {
  return all.filter((one) => passes(one, filters));
}

/** What each filter can be set to. */
export type FilterOptions = Record<'state' | 'data' | 'model' | 'method' | 'tag', string[]>;

/** The values that occur, in order. */
export function optionsOf(all: readonly Experiment[]): FilterOptions {
  return {
    state: stateOrder.filter((state) => all.some((one) => one.state === state)),
    data: distinct(all.map(({ dataName }) => dataName)),
    model: distinct(all.map(({ modelName }) => modelName)),
    method: distinct(all.map(({ method }) => method)),
    tag: distinct(all.flatMap(({ tags }) => tags)),
  };
}
