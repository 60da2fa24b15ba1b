import { afterEach, expect, it, vi } from 'vitest';
import { toasts } from './managers/toast-manager.svelte.ts';
import { rpc } from './rpc.ts';
import { showFolder } from './show-folder.ts';

vi.mock('./rpc.ts', () => ({ rpc: { call: vi.fn() } }));
afterEach(() => vi.unstubAllGlobals());

it('a folder that this window cannot open is said to be in the clipboard, or the clipboard to be closed', async () => {
  vi.mocked(rpc.call).mockResolvedValue({ shown: false });
  const writeText = vi.fn(() => Promise.resolve());
  vi.stubGlobal('navigator', { clipboard: { writeText } });
  await showFolder('/runs/a');
  expect(writeText).toHaveBeenCalledWith('/runs/a');
  expect(toasts.toasts.at(-1)?.text).toContain('the path is in the clipboard');
  // Over plain HTTP a page has no clipboard at all.
  vi.stubGlobal('navigator', {});
  await showFolder('/runs/a');
  expect(toasts.toasts.at(-1)?.text).toContain('The clipboard is closed to this page');
});
