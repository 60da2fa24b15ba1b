import { untrack } from 'svelte';

export interface Shortcut {
  /** "Mod+K", "?", "G D" (one after the other). Letters as on the keyboard, in capitals. */
  keys: string;
  help: string;
  /** Its heading in the sheet. */
  group?: string;
  /** Left out: a part of the page hears its keys itself, where it has the focus. */
  run?: () => void;
}

/** The second key of a sequence must come within this time. */
const SEQUENCE_MS = 1200;

/** What a key event says that the manager needs. */
export type KeyPress = Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'altKey' | 'timeStamp'>;

/** Keys and what they do; whoever registers one gives its help, so that the sheet is complete. */
export class ShortcutManager {
  #shortcuts = $state.raw<readonly Shortcut[]>([]);
  #pending = '';
  #pendingAt = -Infinity;

  get all(): readonly Shortcut[] {
    return this.#shortcuts;
  }

  /** Returns its own unregister. The last one registered for a key has it. */
  register(...added: readonly Shortcut[]): () => void {
    this.#shortcuts = [...added, ...this.#shortcuts];
    return () => (this.#shortcuts = this.#shortcuts.filter((shortcut) => !added.includes(shortcut)));
  }

  /** Runs what the key stands for; true where there was something. `typing`: in a field, where plain keys are text. */
  press(event: KeyPress, typing = false): boolean {
    const modified = event.ctrlKey || event.metaKey;
    if ((typing && !modified) || event.altKey) return false;
    const key = event.key.length === 1 ? event.key.toUpperCase() : event.key;
    const pressed = modified ? `Mod+${key}` : key;
    const sequence = event.timeStamp - this.#pendingAt < SEQUENCE_MS ? `${this.#pending} ${pressed}` : '';
    const runs = this.#shortcuts.filter(({ run }) => run);
    const found = runs.find(({ keys }) => keys === sequence) ?? runs.find(({ keys }) => keys === pressed);
    this.#pending = found ? '' : pressed;
    this.#pendingAt = event.timeStamp;
    found?.run?.();
    return found !== undefined;
  }

  /** Returns its own unsubscribe. */
  listen(): () => void {
    const handle = (event: KeyboardEvent): void => {
      if (event.isComposing || event.defaultPrevented) return;
      const target = event.target instanceof Element ? event.target : null;
      // A dialog keeps its keys to itself, all but the ones with a modifier.
      const typing = target?.closest('input, textarea, select, [contenteditable], [role="dialog"]') != null;
      if (this.press(event, typing)) event.preventDefault();
    };
    window.addEventListener('keydown', handle);
    return () => window.removeEventListener('keydown', handle);
  }
}

class Sheet {
  open = $state(false);
  toggle(): void {
    this.open = !this.open;
  }
}

export const shortcuts = new ShortcutManager();

/** Registers the keys of a component for as long as it is there, and anew when they change. */
export function useShortcuts(now: () => readonly Shortcut[]): void {
  $effect(() => {
    const added = now();
    // The list of all shortcuts is read while these are added to it: that is no reason to add them again.
    return untrack(() => shortcuts.register(...added));
  });
}
/** Whether the sheet of all shortcuts is shown. */
export const sheet = new Sheet();
