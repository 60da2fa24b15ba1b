import type { Export, ExportTarget } from '../../../shared/contract.ts';
import { inTurn, ListManager } from '../../list-manager.svelte.ts';
import { Resource, type Rpc, withChanged } from '../../kit.ts';
import { stateOf, stateWords, targetOrder, targetWords, type ExportState } from './export-words.ts';

export const stateOrder: readonly ExportState[] = [
  'working',
  'failed',
  'missing',
  'cancelled',
  'unproved',
  'proved',
];

/** All exports, live: searched, filtered, several chosen at once. */
export class ExportListManager extends ListManager<Export, 'state' | 'target' | 'model'> {
  readonly #rpc: Rpc;

  constructor(rpc: Rpc) {
    const exports = new Resource<readonly Export[]>(
      rpc,
      async () => (await rpc.call('exports/list', {})).exports,
      {
        'exports/changed': (changed, all) => all && withChanged(all, changed),
        'exports/removed': ({ id }, all) => all && all.filter((listed) => listed.id !== id),
      },
    );
    super(exports, () => exports.value, {
      noun: 'export',
      words: ({ name, modelName, folder, targets }) =>
        [name, modelName, folder, ...targets.map(({ target }) => targetWords[target].name)].join(' '),
      filters: {
        state: {
          label: 'that are',
          of: stateOf,
          name: (state: ExportState) => stateWords[state].label,
          order: stateOrder,
        },
        target: {
          label: 'with',
          of: ({ targets }) => targets.map(({ target }) => target),
          name: (target: ExportTarget) => targetWords[target].name,
          order: targetOrder,
        },
        model: { label: 'of', of: ({ modelName }) => modelName },
      },
    });
    this.#rpc = rpc;
  }

  /** With `files` what they wrote goes too. */
  async removeExports(ids: readonly string[], files: boolean): Promise<void> {
    await this.remove(ids, {
      text: `${this.nameOf(ids)} removed${files ? ' with all files' : '; the files stay'}.`,
      by: inTurn((id) => this.#rpc.call('exports/remove', { id, files })),
    });
  }
}
