import { href, match, parseAddress, type Address } from './address.ts';
import { pages, type Page } from './routes.ts';

export { href } from './address.ts';

/** Which page is looked at. The address bar has the last word: reload, back and bookmarks work. */
class Router {
  #address = $state.raw<Address>({ path: '/', query: {} });
  readonly #found = $derived.by(() => {
    for (const page of pages) {
      const params = match(page.pattern, this.#address.path);
      if (params) return { page, params };
    }
    return null;
  });

  get path(): string {
    return this.#address.path;
  }
  get query(): Readonly<Record<string, string>> {
    return this.#address.query;
  }
  /** Null: no page has this address. */
  get page(): Page | null {
    return this.#found?.page ?? null;
  }
  get params(): Record<string, string> {
    return this.#found?.params ?? {};
  }

  /** Goes to a page; `replace` leaves no way back to the present one. */
  go(path: string, options: { query?: Readonly<Record<string, string>>; replace?: boolean } = {}): void {
    const address = href(path, options.query);
    if (options.replace) history.replaceState(null, '', address);
    else history.pushState(null, '', address);
    this.#address = parseAddress(address);
  }

  /** Returns its own unsubscribe. */
  listen(): () => void {
    const read = () => (this.#address = parseAddress(location.hash));
    read();
    window.addEventListener('hashchange', read);
    window.addEventListener('popstate', read);
    return () => {
      window.removeEventListener('hashchange', read);
      window.removeEventListener('popstate', read);
    };
  }
}

export const router = new Router();
export const go: Router['go'] = (path, options) => router.go(path, options);
