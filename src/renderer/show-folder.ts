import { faultOf } from '../shared/rpc-client.ts';
import { copyText } from './copy-text.ts';
import { toasts } from './managers/toast-manager.svelte.ts';
import { rpc } from './rpc.ts';

/** Shows a folder in the system's file manager; a window that cannot copies the path instead. */
export async function showFolder(path: string): Promise<void> {
  try {
    const { shown } = await rpc.call('system/reveal', { path });
    if (!shown) await copyText(path, 'This window cannot open folders; the path is in the clipboard.');
  } catch (error) {
    toasts.show(faultOf(error).message);
  }
}
