/** Addresses of pages: `#/data/…` behind the window's own address, so that every host can reload any of them. */

/** The page that an address names, and what it says of it. */
export interface Place {
  page: string;
  params: Record<string, string>;
}

/** Patterns by page name; `:x` is a part that must be there, `:x?` one that may. The first that fits is taken. */
export const routes = {
  home: '/',
  'data-import': '/data/import',
  'data-list': '/data',
  'data-set': '/data/:id/:tab?',
  'model-list': '/models',
  model: '/models/:id',
  'experiment-list': '/experiments',
  'experiment-new': '/experiments/new',
  experiment: '/experiments/:id/:tab?',
  compare: '/compare',
  adapters: '/adapters',
  exports: '/exports',
  playground: '/playground',
  settings: '/settings/:section?',
} as const;
export type PageName = keyof typeof routes;

/** The place of a path; null: there is no such page. */
export function match(path: string): { page: PageName; params: Record<string, string> } | null {
  const parts = path.split('/').filter((part) => part !== '');
  for (const [page, pattern] of Object.entries(routes)) {
    const wanted = pattern.split('/').filter((part) => part !== '');
    if (parts.length > wanted.length) continue;
    const params: Record<string, string> = {};
    const fits = wanted.every((want, i) => {
      const part = parts[i];
      if (!want.startsWith(':')) return part === want;
      if (part === undefined) return want.endsWith('?');
      params[want.replace(/^:|\?$/g, '')] = safeDecode(part);
      return true;
    });
    if (fits) return { page: page as PageName, params };
  }
  return null;
}

function safeDecode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const pathOf = (hash: string): string => {
  const [path = ''] = hash.replace(/^#/, '').split('?');
  return path.startsWith('/') ? path : '/';
};

class Router {
  #path = $state(pathOf(location.hash));
  readonly place = $derived(match(this.#path));

  constructor() {
    window.addEventListener('hashchange', () => {
      this.#path = pathOf(location.hash);
    });
  }

  get path(): string {
    return this.#path;
  }

  /** Goes to a path like `/data/import`; `replace`: without a step in the history. */
  go(path: string, { replace = false } = {}): void {
    if (replace) history.replaceState(null, '', `#${path}`);
    else history.pushState(null, '', `#${path}`);
    this.#path = pathOf(location.hash);
  }
}

export const router = new Router();

/** What a link's `href` is for a path. */
export const href = (path: string): string => `#${path}`;
