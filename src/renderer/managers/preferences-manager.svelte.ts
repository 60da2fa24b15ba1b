import type { Preferences } from '../../shared/contract/system.ts';
import { setLocale } from '../format.ts';
import { rpc } from '../rpc.ts';

/** The person's preferences; the theme is put on the page as soon as it is known. */
class PreferencesManager {
  #preferences = $state.raw<Preferences | null>(null);
  #hasToken = $state(false);
  #keyStore = $state(false);

  get preferences(): Preferences | null {
    return this.#preferences;
  }
  get hasToken(): boolean {
    return this.#hasToken;
  }
  get keyStore(): boolean {
    return this.#keyStore;
  }

  async write(change: Partial<Preferences>): Promise<void> {
    this.#take((await rpc.call('settings/write', { preferences: change })).preferences);
  }

  async setToken(token: string | null): Promise<void> {
    await rpc.call('settings/set-token', { token });
    this.#hasToken = token !== null;
  }

  listen(): () => void {
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    const show = (): void => this.#show(dark.matches);
    show();
    dark.addEventListener('change', show);
    const read = (): void =>
      void rpc
        .call('settings/read', {})
        .then(({ preferences, hasToken, keyStore }) => {
          this.#hasToken = hasToken;
          this.#keyStore = keyStore;
          this.#take(preferences);
        })
        .catch(() => undefined);
    read();
    const off = [rpc.on('settings/changed', (changed) => this.#take(changed))];
    return () => {
      dark.removeEventListener('change', show);
      off.forEach((stop) => stop());
    };
  }

  #take(preferences: Preferences): void {
    this.#preferences = preferences;
    setLocale(preferences.locale);
    localStorage.setItem('graft-theme', preferences.theme);
    this.#show(window.matchMedia('(prefers-color-scheme: dark)').matches);
  }

  #show(systemIsDark: boolean): void {
    const theme = this.#preferences?.theme ?? localStorage.getItem('graft-theme') ?? 'system';
    const dark = theme === 'dark' || (theme === 'system' && systemIsDark);
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
  }
}

export const preferencesManager = new PreferencesManager();
