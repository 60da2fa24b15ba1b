import type { OutputOf, Preferences } from '../../shared/contract.ts';
import { Resource, rpc, setLocale } from '../kit.ts';

/** The person's preferences; the theme is put on the page as soon as it is known. */
class PreferencesManager extends Resource<OutputOf<'settings/read'>> {
  constructor() {
    super(rpc, () => rpc.call('settings/read', {}), {
      'settings/changed': (changed, settings) => settings && { ...settings, preferences: this.#use(changed) },
    });
  }
  protected override taken({ preferences }: OutputOf<'settings/read'>): void {
    this.#use(preferences);
  }

  /** Rejects with a RefusedError. */
  async write(change: Partial<Preferences>): Promise<void> {
    const { preferences } = await rpc.call('settings/write', { preferences: change });
    this.patch((settings) => ({ ...settings, preferences: this.#use(preferences) }));
  }

  /** Rejects with a RefusedError. */
  async setToken(token: string | null): Promise<void> {
    await rpc.call('settings/set-token', { token });
    this.patch((settings) => ({ ...settings, hasToken: token !== null }));
  }

  override listen(): () => void {
    const dark = window.matchMedia('(prefers-color-scheme: dark)');
    const show = (): void => showTheme(localStorage.getItem('graft-theme') ?? 'system', dark.matches);
    show();
    dark.addEventListener('change', show);
    const stop = super.listen();
    return () => {
      dark.removeEventListener('change', show);
      stop();
    };
  }

  #use(preferences: Preferences): Preferences {
    setLocale(preferences.locale);
    localStorage.setItem('graft-theme', preferences.theme);
    showTheme(preferences.theme, window.matchMedia('(prefers-color-scheme: dark)').matches);
    return preferences;
  }
}

function showTheme(theme: string, systemIsDark: boolean): void {
  const dark = theme === 'dark' || (theme === 'system' && systemIsDark);
  document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
}

export const preferencesManager = new PreferencesManager();
