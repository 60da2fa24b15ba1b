import { href, parseAddress, type Address } from './address.ts';

export { href } from './address.ts';

/** Which address is looked at. The address bar has the last word: reload, back and bookmarks work. */
class Router {
  #address = $state.raw<Address>({ path: '/', query: {} });

  get path(): string {
    return this.#address.path;
  }
  get query(): Readonly<Record<string, string>> {
    return this.#address.query;
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
