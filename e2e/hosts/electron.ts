import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron } from 'playwright-core';
import type { HostKind } from './session.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));

/** Electron's binary, where there is one: GRAFT_ELECTRON names it, or its package has fetched it. */
export function findElectron(): string | null {
  const named = process.env['GRAFT_ELECTRON'];
  if (named !== undefined && named !== '' && named !== '1') return named;
  const dir = path.dirname(createRequire(import.meta.url).resolve('electron/package.json'));
  const inside: Partial<Record<NodeJS.Platform, string>> = {
    darwin: 'Electron.app/Contents/MacOS/Electron',
    win32: 'electron.exe',
  };
  const binary = path.join(dir, 'dist', inside[process.platform] ?? 'electron');
  return existsSync(binary) ? binary : null;
}

/** Electron itself. */
export function electronHost(executablePath: string): HostKind {
  return {
    name: 'Electron',
    open: async (workspace) => {
      const app = await _electron.launch({
        executablePath,
        args: [project, ...(process.platform === 'linux' ? ['--no-sandbox'] : [])],
        env: { ...process.env, GRAFT_WORKSPACE: workspace },
      });
      const page = await app.firstWindow();
      const stub = (paths: string[]) =>
        app.evaluate(({ dialog }, filePaths) => {
          dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths });
        }, paths);
      await app.evaluate(({ dialog }) => {
        dialog.showMessageBox = () => Promise.resolve({ response: 0, checkboxChecked: false });
      });
      return {
        page,
        openWindow: async () => {
          const opened = app.waitForEvent('window');
          await app.evaluate(({ Menu }) => {
            const items = Menu.getApplicationMenu()?.items.flatMap((item) => item.submenu?.items ?? []) ?? [];
            items.find((item) => item.label === 'New Window')?.click();
          });
          return opened;
        },
        address: (target) => `graft-app://window/#${target}`,
        close: () => app.close(),
        kill: () => {
          app.process().kill('SIGKILL');
          return Promise.resolve();
        },
        chooseFiles: async (_page, press, paths) => {
          await stub(paths);
          await press();
        },
      };
    },
  };
}
