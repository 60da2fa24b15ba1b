import { describe, expect, it } from 'vitest';
import { ShortcutManager, type KeyPress } from './shortcut-manager.svelte.ts';

const key = (name: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  timeStamp: 0,
  ...more,
});

function manager() {
  const ran: string[] = [];
  const shortcuts = new ShortcutManager();
  const one = (keys: string) => ({ keys, help: keys, run: () => void ran.push(keys) });
  const off = shortcuts.register(one('Mod+K'), one('?'), one('G D'), one('N'));
  return { shortcuts, ran, off, one };
}

describe('shortcuts', () => {
  it('Ctrl and Cmd are the same key, also while one types', () => {
    const { shortcuts, ran } = manager();
    shortcuts.press(key('k', { ctrlKey: true }), true);
    shortcuts.press(key('k', { metaKey: true }), true);
    expect(ran).toEqual(['Mod+K', 'Mod+K']);
  });
  it('a plain key is text while one types', () => {
    const { shortcuts, ran } = manager();
    expect(shortcuts.press(key('n'), true)).toBe(false);
    expect(shortcuts.press(key('n'))).toBe(true);
    expect(ran).toEqual(['N']);
  });
  it('two keys in a row are one shortcut, when they come soon after each other', () => {
    const { shortcuts, ran } = manager();
    shortcuts.press(key('g', { timeStamp: 1000 }));
    shortcuts.press(key('d', { timeStamp: 1500 }));
    shortcuts.press(key('g', { timeStamp: 5000 }));
    shortcuts.press(key('d', { timeStamp: 9000 }));
    expect(ran).toEqual(['G D']);
  });
  it('what a page registered last has the key, and gives it back', () => {
    const { shortcuts, ran } = manager();
    const off = shortcuts.register({ keys: 'N', help: 'of this page', run: () => void ran.push('page') });
    shortcuts.press(key('n'));
    off();
    shortcuts.press(key('n'));
    expect(ran).toEqual(['page', 'N']);
  });
  it('keys that a part of the page hears itself are shown, and do nothing elsewhere', () => {
    const { shortcuts } = manager();
    shortcuts.register({ keys: 'Enter', help: 'Open the row' });
    expect(shortcuts.press(key('Enter'))).toBe(false);
    expect(shortcuts.all[0]?.keys).toBe('Enter');
  });
  it('the sheet shows what is registered, and nothing else', () => {
    const { shortcuts, off } = manager();
    expect(shortcuts.all.map(({ keys }) => keys)).toEqual(['Mod+K', '?', 'G D', 'N']);
    off();
    expect(shortcuts.all).toEqual([]);
  });
});
