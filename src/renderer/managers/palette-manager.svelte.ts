import type { Adapter, Dataset, Experiment, Export, Model, SystemStatus } from '../../shared/contract.ts';
import { hasWords, type Rpc, rpc as connection } from '../kit.ts';

export interface Command {
  key: string;
  group: 'This page' | 'Actions' | 'Pages' | 'Experiments' | 'Data' | 'Models' | 'Adapters' | 'Exports';
  label: string;
  note?: string;
  /** The page it leads to; else `run`. */
  path?: string;
  run?: () => void;
}

interface PageEntry {
  path: string;
  label: string;
  keys?: string;
  /** What the sidebar counts beside it; null: nothing; absent: it does not stand there. */
  count?: keyof SystemStatus['counts'] | null;
}
/** Pages by name, for the sidebar, the keys and the palette. */
export const pages: readonly PageEntry[] = [
  { path: '/', label: 'Home', keys: 'G H', count: null },
  { path: '/data', label: 'Data', keys: 'G D', count: 'datasets' },
  { path: '/models', label: 'Models', keys: 'G M', count: 'models' },
  { path: '/experiments', label: 'Experiments', keys: 'G E', count: 'experiments' },
  { path: '/compare', label: 'Compare', keys: 'G C', count: null },
  { path: '/adapters', label: 'Adapters', keys: 'G A', count: 'adapters' },
  { path: '/exports', label: 'Exports', keys: 'G X', count: 'exports' },
  { path: '/playground', label: 'Playground', keys: 'G P', count: null },
  { path: '/settings', label: 'Settings', keys: 'G S' },
  { path: '/settings/storage', label: 'Settings: storage' },
  { path: '/settings/hub', label: 'Settings: hub' },
  { path: '/settings/appearance', label: 'Settings: appearance' },
  { path: '/settings/about', label: 'Settings: about and licences' },
];
const PAGES = pages.map(({ path, label }): Command => ({ key: path, group: 'Pages', label, path }));

/** More hits of one group than these no one reads. */
const SHOWN = 8;

/**
 * What the page that is looked at offers now, found by its buttons so that none can be forgotten; those of single rows
 * are left out. A button that is gone when it is chosen does nothing.
 */
function pageActions(page: HTMLElement | null): Command[] {
  const found = new Map<string, Command>();
  for (const button of page?.querySelectorAll<HTMLElement>('button:enabled, header a[href], nav a[href]') ??
    []) {
    if (button.closest('[role="row"], [role="feed"], tr, li') || button.getClientRects().length === 0)
      continue;
    const label = (button.ariaLabel ?? button.innerText).replace(/\s+/g, ' ').trim();
    if (label === '' || found.has(label)) continue;
    // After the palette has closed and given the focus back.
    const run = (): void => void setTimeout(() => button.isConnected && (button.focus(), button.click()));
    found.set(label, { key: `page ${label}`, group: 'This page', label, run });
  }
  return [...found.values()];
}

/** The command palette: pages, things by name, actions. Names are read when it opens. */
export class PaletteManager {
  readonly #rpc: Rpc;
  #open = $state(false);
  #things = $state.raw<readonly Command[]>([]);
  #actions = $state.raw<readonly Command[]>([]);
  #ofPage = $state.raw<readonly Command[]>([]);

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  get open(): boolean {
    return this.#open;
  }
  set open(open: boolean) {
    if (open && !this.#open) {
      this.#ofPage = typeof document === 'undefined' ? [] : pageActions(document.querySelector('main'));
      void this.read();
    }
    this.#open = open;
  }
  toggle(): void {
    this.open = !this.#open;
  }

  /** Adds what can be done; returns its own removal. */
  register(...actions: readonly Command[]): () => void {
    this.#actions = [...this.#actions, ...actions];
    return () => (this.#actions = this.#actions.filter((action) => !actions.includes(action)));
  }

  /** Reads the names of everything; what cannot be read is left out. */
  async read(): Promise<void> {
    const named = <Reply, Thing>(
      reply: Promise<Reply>,
      of: (reply: Reply) => Thing[],
      command: (thing: Thing) => Command,
    ) =>
      reply.then(
        (read) => of(read).map(command),
        () => [],
      );
    const things = await Promise.all([
      named(this.#rpc.call('experiments/list', {}), (read) => read.experiments, experimentCommand),
      named(this.#rpc.call('datasets/list', {}), (read) => read.datasets, datasetCommand),
      named(this.#rpc.call('models/list', {}), (read) => read.models, modelCommand),
      named(this.#rpc.call('adapters/list', {}), (read) => read.adapters, adapterCommand),
      named(this.#rpc.call('exports/list', {}), (read) => read.exports, exportCommand),
    ]);
    this.#things = things.flat();
  }

  /** What fits the words, all of which must be in it; actions first. Without words: actions and pages. */
  find(text: string): Command[] {
    const searched = text.trim() !== '';
    const all = [...this.#ofPage, ...this.#actions, ...PAGES, ...(searched ? this.#things : [])];
    const hits = all.filter(({ label, note = '' }) => hasWords(`${label} ${note}`, text));
    const seen = new Map<string, number>();
    return hits.filter(({ group }) => {
      const before = seen.get(group) ?? 0;
      seen.set(group, before + 1);
      return !searched || before < SHOWN;
    });
  }
}

const thing =
  <Thing extends { id: string; name: string }>(
    group: Command['group'],
    folder: string,
    note: (thing: Thing) => string,
  ): ((thing: Thing) => Command) =>
  (found) => ({
    key: `${folder} ${found.id}`,
    group,
    label: found.name,
    note: note(found),
    path: `/${folder}/${found.id}`,
  });
const experimentCommand = thing<Experiment>(
  'Experiments',
  'experiments',
  ({ state, modelName }) => `${state} · ${modelName}`,
);
const datasetCommand = thing<Dataset>('Data', 'data', ({ latest }) => `v${latest.number}`);
const modelCommand = thing<Model>('Models', 'models', ({ architecture }) => architecture);
const adapterCommand = thing<Adapter>('Adapters', 'adapters', ({ modelName }) => modelName);
const exportCommand = thing<Export>('Exports', 'exports', ({ modelName }) => modelName);

export const palette = new PaletteManager(connection);
