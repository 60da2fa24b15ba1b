import { palette } from '../managers/palette-manager.svelte.ts';
import { sheet, type Shortcut } from '../managers/shortcut-manager.svelte.ts';
import { go } from '../router.svelte.ts';

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
  page('G H', 'Home', '/'),
  page('G D', 'Data', '/data'),
  page('G M', 'Models', '/models'),
  page('G E', 'Experiments', '/experiments'),
  page('G S', 'Settings', '/settings'),
  page('N', 'New experiment', '/experiments/new'),
  page('I', 'Import data', '/data/import'),
];
