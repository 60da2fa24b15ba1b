import { toasts } from './managers/toast-manager.svelte.ts';

/** Copies a text and says so with `done`, or says why it cannot. */
export async function copyText(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toasts.show(done);
  } catch {
    toasts.show('The clipboard is closed to this page. Open it under a loopback address or in the app.');
  }
}
