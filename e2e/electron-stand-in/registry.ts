import { EventEmitter } from 'node:events';
import { chromium, type BrowserContext } from 'playwright-core';
import { BROWSER_ENDPOINT, type FromStandIn } from './protocol.ts';

/** What the parts of the stand-in share: the browser, the app's handlers, and the spec that drives it. */
export const ipcMain = new EventEmitter();
export const schemes = new Map<string, (request: Request) => Response | Promise<Response>>();

let context: Promise<BrowserContext> | undefined;
export function browserContext(): Promise<BrowserContext> {
  return (context ??= chromium
    .connectOverCDP(process.env[BROWSER_ENDPOINT] ?? '')
    .then((browser) => browser.contexts()[0]!));
}

export function tellSpec(message: FromStandIn): void {
  process.send?.(message, undefined, undefined, () => undefined);
}
