import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { z } from 'zod';
import type { BrowserBinary } from './browser.ts';
import type { HostKind } from './session.ts';

const main = fileURLToPath(new URL('../../src/main/cli/main.ts', import.meta.url));
const printedSchema = z.object({ address: z.string() });

/** `graft serve` and a browser. */
export function webHost(browser: BrowserBinary): HostKind {
  return {
    name: 'web host',
    open: async (workspace) => {
      const args = ['serve', '--json', '--port', '0', '--workspace', workspace, '--close-with-parent'];
      const child = spawn(process.execPath, [main, ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      const line = await new Promise<string>((resolve, reject) => {
        child.stdout.once('data', (part: Buffer) => resolve(part.toString()));
        void ended.then(() => reject(new Error('graft serve ended.')));
      });
      const { address } = printedSchema.parse(JSON.parse(line));
      const chrome = await chromium.launch({ ...browser, headless: true });
      const context = await chrome.newContext({ viewport: { width: 1440, height: 900 } });
      const openWindow = async () => {
        const page = await context.newPage();
        await page.goto(address);
        return page;
      };
      const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
        child.kill(signal);
        await ended;
        await chrome.close();
      };
      return {
        page: await openWindow(),
        openWindow,
        address: (page) => `${new URL(address).origin}/#${page}`,
        close: () => end('SIGTERM'),
        kill: () => end('SIGKILL'),
        chooseFiles: async (page, press, paths) => {
          const [chooser] = await Promise.all([page.waitForEvent('filechooser'), press()]);
          await chooser.setFiles(paths);
        },
      };
    },
  };
}
