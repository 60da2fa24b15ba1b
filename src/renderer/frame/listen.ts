import { jobsManager } from '../managers/jobs-manager.svelte.ts';
import { preferencesManager } from '../managers/preferences-manager.svelte.ts';
import { shortcuts } from '../managers/shortcut-manager.svelte.ts';
import { statusManager } from '../managers/status-manager.svelte.ts';
import { router } from '../router.svelte.ts';
import { frameShortcuts } from './shortcuts.ts';

/** Starts what the whole window relies on. Returns its own end. */
export function listenAll(): () => void {
  const ends = [
    // The connection takes its token from the address, so it comes before the router.
    statusManager.listen(),
    router.listen(),
    preferencesManager.listen(),
    jobsManager.listen(),
    shortcuts.listen(),
    shortcuts.register(...frameShortcuts),
  ];
  return () => ends.forEach((end) => end());
}
