import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import {
  BROWSER_ENDPOINT,
  USER_DATA,
  type FromStandIn,
  type ToStandIn,
} from '../electron-stand-in/protocol.ts';
import { nodeArguments } from '../../scripts/setup/node24.mjs';
import type { BrowserBinary } from './browser.ts';
import type { HostKind, Session } from './session.ts';

const project = fileURLToPath(new URL('../../', import.meta.url));
const register = path.join(project, 'e2e/electron-stand-in/register.ts');
const main = path.join(project, 'out/main/desktop/main.js');

export interface StandInSession extends Session {
  tell(message: ToStandIn): void;
  /** All that the app showed outside of its windows, so far. */
  heard: FromStandIn[];
  userData: string;
  /** Resolves when the app's process has ended. */
  ended: Promise<number | null>;
}

/** The built main and preload bundles on the stand-in for Electron. */
export function standIn(
  browser: BrowserBinary,
): Omit<HostKind, 'open'> & { open: (workspace: string) => Promise<StandInSession> } {
  return {
    name: 'Electron stand-in',
    open: async (workspace) => {
      const profile = await mkdtemp(path.join(os.tmpdir(), 'graft-stand-in-'));
      const userData = `${workspace}-user-data`;
      const port = await freePort();
      const context = await chromium.launchPersistentContext(profile, {
        executablePath: browser.executablePath,
        args: [...browser.args, `--remote-debugging-port=${port}`],
        viewport: null,
        headless: true,
      });
      const nextPage = () => context.waitForEvent('page');
      const first = nextPage();
      const child = fork(main, [], {
        execArgv: ['--import', register, ...nodeArguments],
        env: {
          ...process.env,
          GRAFT_WORKSPACE: workspace,
          [BROWSER_ENDPOINT]: `http://127.0.0.1:${port}`,
          [USER_DATA]: userData,
        },
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      });
      const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
      const heard: FromStandIn[] = [];
      child.on('message', (message) => heard.push(message as FromStandIn));
      const tell = (message: ToStandIn): void => {
        if (child.connected) child.send(message);
      };
      const page = await Promise.race([first, ended.then(() => Promise.reject(new Error('The app ended.')))]);
      await page.waitForURL(/^http/).catch(async (error: unknown) => {
        // An app that cannot open its workspace ends at once: that is for the spec to judge.
        if (!page.isClosed()) throw error;
        await ended;
      });
      const end = async () => {
        await ended;
        await context.close();
        await rm(profile, { recursive: true, force: true });
      };
      return {
        page,
        heard,
        tell,
        userData,
        ended,
        openWindow: async () => {
          const opened = nextPage();
          tell({ type: 'click-menu', label: 'New Window' });
          const window = await opened;
          await window.waitForURL(/^http/);
          return window;
        },
        address: (target) => `${new URL(page.url()).origin}/#${target}`,
        close: () => {
          tell({ type: 'message-box', response: 0 });
          tell({ type: 'quit' });
          return end();
        },
        kill: () => {
          child.kill('SIGKILL');
          return end();
        },
        chooseFiles: async (_page, press, paths) => {
          tell({ type: 'open-dialog', paths });
          await press();
        },
      };
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
