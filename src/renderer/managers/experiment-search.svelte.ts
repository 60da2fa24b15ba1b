import type { Experiment, ExperimentState } from '../../shared/contract.ts';
import { methodName } from '../../shared/methods/index.ts';
import { ListManager, type ListOptions } from '../list-manager.svelte.ts';
import type { Resource } from '../resource.svelte.ts';

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

type Filter = 'state' | 'data' | 'model' | 'method' | 'tag' | 'starred' | 'archived';

/** Experiments, searched and filtered; the archived ones apart from the others. */
export class ExperimentSearch extends ListManager<Experiment, Filter> {
  /** `items`: those that are looked among; `source` tells whether they could be read. */
  constructor(
    source: Pick<Resource<object>, 'fault' | 'read' | 'listen'>,
    items: () => readonly Experiment[] | null,
    work: Pick<ListOptions<Experiment, Filter>, 'remove' | 'restore'> = {},
  ) {
    super(source, items, {
      noun: 'experiment',
      words: ({ name, dataName, modelName, method, tags }) =>
        [name, dataName, modelName, methodName(method), ...tags].join(' '),
      filters: {
        state: { label: 'that are', of: ({ state }) => state, order: stateOrder },
        data: { label: 'on', of: ({ dataName }) => dataName },
        model: { label: 'with', of: ({ modelName }) => modelName },
        method: { label: 'by', of: ({ method }) => method, name: methodName },
        tag: { label: 'tagged', of: ({ tags }) => tags },
        starred: { of: ({ starred }) => String(starred) },
        archived: { of: ({ archived }) => String(archived) },
      },
      where: ({ archived }) => String(archived) === (this.filters.archived || 'false'),
      ...work,
    });
  }

  /** Only what is starred, only what is archived; and no more. */
  toggle(filter: 'starred' | 'archived'): void {
    this.filters[filter] = this.filters[filter] === '' ? 'true' : '';
  }
}
