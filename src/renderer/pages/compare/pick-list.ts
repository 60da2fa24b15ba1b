import type { Experiment } from '../../../shared/contract.ts';
import { methodName } from '../../../shared/methods/index.ts';
import { mainMetric } from '../../experiment-words.ts';

export const groupings = ['', 'data', 'model', 'method', 'tag'] as const;
export type Grouping = (typeof groupings)[number];

/** A line of the picker: the head of a group, or an experiment. One with several tags stands in several groups. */
export type PickLine =
  | { kind: 'head'; id: string; name: string; experiments: readonly Experiment[] }
  | { kind: 'experiment'; id: string; experiment: Experiment };

export type PickSort = 'name' | 'state' | 'metric' | 'data' | 'model' | 'method' | 'seed' | 'created';

const sorts: Readonly<Record<PickSort, (experiment: Experiment) => string | number | null>> = {
  name: ({ name }) => name,
  state: ({ state }) => state,
  metric: (experiment) => mainMetric(experiment)?.value ?? null,
  data: ({ dataName }) => dataName,
  model: ({ modelName }) => modelName,
  method: ({ method }) => methodName(method),
  seed: ({ seed }) => seed,
  created: ({ createdAt }) => createdAt,
};
export const isPickSort = (name: string): name is PickSort => Object.hasOwn(sorts, name);

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

function sorted(all: readonly Experiment[], by: PickSort, descending: boolean): Experiment[] {
  const of = sorts[by];
  return all.toSorted((a, b) => {
    const [x, y] = [of(a), of(b)];
    if (x === null || y === null) return Number(x === null) - Number(y === null);
    const order =
      typeof x === 'number' && typeof y === 'number' ? x - y : collator.compare(String(x), String(y));
    return descending ? -order : order;
  });
}

const groupsOf = (experiment: Experiment, by: Exclude<Grouping, ''>): readonly string[] => {
  switch (by) {
    case 'data':
      return [experiment.dataName];
    case 'model':
      return [experiment.modelName];
    case 'method':
      return [methodName(experiment.method)];
    case 'tag':
      return experiment.tags.length > 0 ? experiment.tags : ['no tag'];
  }
};

/** The experiments in order, with the heads of their groups; groups by name. */
export function pickLines(
  all: readonly Experiment[],
  { group, sort, descending }: { group: Grouping; sort: PickSort; descending: boolean },
): PickLine[] {
  const order = sorted(all, sort, descending);
  const line = (experiment: Experiment, prefix = ''): PickLine => ({
    kind: 'experiment',
    id: `${prefix}${experiment.id}`,
    experiment,
  });
  if (group === '') return order.map((experiment) => line(experiment));
  const groups = new Map<string, Experiment[]>();
  for (const experiment of order)
    for (const name of groupsOf(experiment, group)) {
      const members = groups.get(name);
      if (members) members.push(experiment);
      else groups.set(name, [experiment]);
    }
  return [...groups]
    .sort(([a], [b]) => collator.compare(a, b))
    .flatMap(([name, experiments]) => [
      { kind: 'head' as const, id: `head ${name}`, name, experiments },
      ...experiments.map((experiment) => line(experiment, `${name} `)),
    ]);
}

/** The experiments that the lines with these ids stand for. */
const experimentIds = (lines: readonly PickLine[], ids: ReadonlySet<string>): string[] => [
  ...new Set(
    lines
      .filter(({ id }) => ids.has(id))
      .flatMap((line) => (line.kind === 'head' ? line.experiments : [line.experiment]))
      .map(({ id }) => id),
  ),
];

/** The lines that are marked when these experiments are chosen; a head where all of its group are. */
export const markedLines = (lines: readonly PickLine[], chosen: ReadonlySet<string>): Set<string> =>
  new Set(
    lines
      .filter((line) =>
        line.kind === 'head'
          ? line.experiments.every(({ id }) => chosen.has(id))
          : chosen.has(line.experiment.id),
      )
      .map(({ id }) => id),
  );

/** What is chosen after the marks of the lines changed: by what was marked or unmarked. */
export function chosenAfter(
  lines: readonly PickLine[],
  chosen: ReadonlySet<string>,
  marks: ReadonlySet<string>,
): Set<string> {
  const before = markedLines(lines, chosen);
  const added = experimentIds(lines, new Set([...marks].filter((id) => !before.has(id))));
  const gone = new Set(experimentIds(lines, new Set([...before].filter((id) => !marks.has(id)))));
  return new Set([...[...chosen].filter((id) => !gone.has(id)), ...added]);
}
