import { pages, palette, type Command } from '../managers/palette-manager.svelte.ts';
import { preferencesManager } from '../managers/preferences-manager.svelte.ts';
import { go, sheet, type Shortcut } from '../kit.ts';

const page = (keys: string, help: string, path: string): Shortcut => ({
  keys,
  help,
  group: 'Pages',
  run: () => go(path),
});

/** Shortcuts that hold on every page. */
export const frameShortcuts: readonly Shortcut[] = [
  {
    keys: 'Mod+K',
    help: 'Find pages, things by name, and actions',
    group: 'Everywhere',
    run: () => palette.toggle(),
  },
  { keys: '?', help: 'Show all shortcuts', group: 'Everywhere', run: () => sheet.toggle() },
  ...pages.flatMap(({ path, label, keys }) => (keys === undefined ? [] : [page(keys, label, path)])),
  page('N', 'New experiment', '/experiments/new'),
  page('I', 'Import data', '/data/import'),
];

/** What the palette can do on every page. */
export const frameActions: readonly Command[] = [
  { key: 'new', group: 'Actions', label: 'New experiment', path: '/experiments/new' },
  { key: 'import', group: 'Actions', label: 'Import data', path: '/data/import' },
  ...(
    [
      ['Try the sample', '/'],
      ['Open a recipe', '/'],
      ['Paste a Python script', '/'],
      ['Find, download or add a model', '/models'],
      ['Compare experiments', '/compare'],
      ['Import an adapter', '/adapters'],
      ['Combine adapters', '/adapters'],
      ['Merge and export', '/adapters'],
      ['Verify an export again', '/exports'],
      ['Try a text', '/playground'],
      ['Answer a file', '/playground'],
      ['Free disk space', '/settings/storage'],
      ['Set the token of the hub', '/settings/hub'],
      ['What this machine has', '/settings'],
    ] as const
  ).map(([label, path]): Command => ({ key: `go ${label}`, group: 'Actions', label, path })),
  ...(['light', 'dark', 'system'] as const).map((theme): Command => ({
    key: `theme ${theme}`,
    group: 'Actions',
    label: theme === 'system' ? "Use the system's theme" : `Use the ${theme} theme`,
    run: () => void preferencesManager.write({ theme }).catch(() => undefined),
  })),
  { key: 'shortcuts', group: 'Actions', label: 'Show all shortcuts', run: () => sheet.toggle() },
];
