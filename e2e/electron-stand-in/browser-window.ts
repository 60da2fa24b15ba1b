import { EventEmitter } from 'node:events';
import type { Page } from 'playwright-core';
import { browserContext, tellSpec } from './registry.ts';
import { WebContents } from './web-contents.ts';
import { strict } from './strict.ts';

interface Options {
  x?: number;
  y?: number;
  width?: number;
  height?: number;
  webPreferences?: {
    preload?: string;
    sandbox?: boolean;
    contextIsolation?: boolean;
    nodeIntegration?: boolean;
  };
}

const windows: BrowserWindow[] = [];
export const allWindows = (): BrowserWindow[] => [...windows];
/** `app`, which opens no windows itself, hears of each. */
export const created = new EventEmitter();

/** A page of the test's Chromium that behaves like a window of Electron. */
export class BrowserWindow extends EventEmitter {
  static getAllWindows(): BrowserWindow[] {
    return allWindows();
  }
  static getFocusedWindow(): BrowserWindow | null {
    return windows.at(-1) ?? null;
  }

  readonly webContents: WebContents;
  private readonly page: Promise<Page>;
  private readonly bounds: { x: number; y: number; width: number; height: number };

  constructor(options: Options) {
    super();
    const { preload, sandbox, contextIsolation, nodeIntegration } = options.webPreferences ?? {};
    if (preload === undefined || sandbox !== true || contextIsolation !== true || nodeIntegration !== false) {
      throw new Error('A window must be sandboxed and isolated, without Node.');
    }
    const { x = 0, y = 0, width = 800, height = 600 } = options;
    this.bounds = { x, y, width, height };
    this.page = this.open();
    this.webContents = strict('webContents', new WebContents(this.page, preload));
    windows.push(this);
    created.emit('window', this);
  }

  private async open(): Promise<Page> {
    const page = await (await browserContext()).newPage();
    await page.setViewportSize({ width: this.bounds.width, height: this.bounds.height });
    page.on('close', () => this.forget());
    page.once('domcontentloaded', () => this.emit('ready-to-show'));
    return page;
  }

  private forget(): void {
    const place = windows.indexOf(this);
    if (place < 0) return;
    this.emit('close', { preventDefault: () => undefined });
    windows.splice(place, 1);
    this.emit('closed');
    if (windows.length === 0) created.emit('all-closed');
  }

  loadURL(url: string): Promise<void> {
    return this.webContents.loadURL(url);
  }
  async closeNow(): Promise<void> {
    await (await this.page).close();
  }
  show(): void {
    // A page is always shown.
  }
  focus(): void {
    windows.splice(windows.indexOf(this), 1);
    windows.push(this);
    void this.page.then((page) => page.bringToFront());
  }
  restore(): void {
    // A page is never minimized.
  }
  isMinimized(): boolean {
    return false;
  }
  isFullScreen(): boolean {
    return false;
  }
  getNormalBounds(): { x: number; y: number; width: number; height: number } {
    return { ...this.bounds };
  }
  setProgressBar(share: number): void {
    tellSpec({ type: 'progress', share });
  }
}
