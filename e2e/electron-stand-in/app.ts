import { EventEmitter } from 'node:events';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { USER_DATA } from './protocol.ts';
import { browserContext } from './registry.ts';
import { allWindows } from './browser-window.ts';

type Quit = { prevented: boolean; preventDefault(): void };

function quitEvent(): Quit {
  const event = { prevented: false, preventDefault: () => void (event.prevented = true) };
  return event;
}

class App extends EventEmitter {
  readonly isPackaged = false;
  private ready: Promise<void> | undefined;
  private readonly clients = new Set<string>();

  requestSingleInstanceLock(): boolean {
    return true;
  }

  enableSandbox(): void {
    // The test's Chromium has its own sandbox rules.
  }

  whenReady(): Promise<void> {
    return (this.ready ??= browserContext().then(() => undefined));
  }

  getPath(name: string): string {
    if (name !== 'userData') throw new Error(`The Electron stand-in has no app.getPath('${name}').`);
    const dir = process.env[USER_DATA] ?? '';
    mkdirSync(path.resolve(dir), { recursive: true });
    return dir;
  }

  setAsDefaultProtocolClient(scheme: string): boolean {
    this.clients.add(scheme);
    return true;
  }

  removeAsDefaultProtocolClient(scheme: string): boolean {
    return this.clients.delete(scheme);
  }

  isDefaultProtocolClient(scheme: string): boolean {
    return this.clients.has(scheme);
  }

  /** Asks the app, closes the windows, ends the process: in Electron's order. */
  quit(): void {
    const event = quitEvent();
    this.emit('before-quit', event);
    if (event.prevented) return;
    this.removeAllListeners('window-all-closed');
    void Promise.all(allWindows().map((window) => window.closeNow())).then(() => process.exit(0));
  }
}

export const app = new App();
