import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import { z } from 'zod';
import type { BrowserBinary } from './browser.ts';
import type { HostKind } from './session.ts';

const main = fileURLToPath(new URL('../../out/main/cli/main.js', import.meta.url));
const printedSchema = z.object({ address: z.string() });

/** The built `graft serve` and a browser. */
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
        // A browser has no dialog with paths: the files are dropped on the window, and sent.
        chooseFiles: (page, _press, paths) => dropFiles(page, paths),
      };
    },
  };
}

async function dropFiles(page: Page, paths: string[]): Promise<void> {
  const files = await Promise.all(
    paths.map(async (file) => ({ name: path.basename(file), text: await readFile(file, 'utf8') })),
  );
  await page.evaluate((given) => {
    const dataTransfer = new DataTransfer();
    for (const { name, text } of given) dataTransfer.items.add(new File([text], name));
    for (const kind of ['dragenter', 'dragover', 'drop']) {
      document.body.dispatchEvent(new DragEvent(kind, { bubbles: true, cancelable: true, dataTransfer }));
    }
  }, files);
}
