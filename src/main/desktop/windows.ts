import { app, BrowserWindow, screen, shell, type Rectangle } from 'electron';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { readPrivate, writePrivate } from '../storage/private-file.ts';
import { isOwnPage, pageUrl } from './pages.ts';

const preload = fileURLToPath(new URL('../../preload/index.cjs', import.meta.url));
const boundsSchema = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(400),
  height: z.number().int().min(300),
});
const boundsFile = (): string => path.join(app.getPath('userData'), 'window.json');

/** Opens a window where the last one was. `page`: an address inside the app. */
export function openWindow(page = '/'): BrowserWindow {
  const window = new BrowserWindow({
    ...(rememberedBounds() ?? { width: 1440, height: 900 }),
    minWidth: 960,
    minHeight: 600,
    show: false,
    title: 'Graft',
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      spellcheck: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  window.on('close', () => {
    if (!window.isMinimized() && !window.isFullScreen()) rememberBounds(window.getNormalBounds());
  });
  void window.loadURL(pageUrl(page));
  return window;
}

/** Brings a window to the front, showing `page` where one is named. */
export function showWindow(window: Electron.BrowserWindow, page: string | null = null): void {
  if (window.isMinimized()) window.restore();
  window.focus();
  if (page !== null) void window.loadURL(pageUrl(page));
}

/** Nothing leads out of the app: no other page, no second window, no embedded one. Web links open in the browser. */
export function denyLeaving(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => {
      if (!isOwnPage(event.url)) event.preventDefault();
    });
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(({ url }) => {
      if (URL.canParse(url) && new URL(url).protocol === 'https:') void shell.openExternal(url);
      return { action: 'deny' };
    });
    contents.session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
    contents.session.setPermissionCheckHandler(() => false);
  });
}

/** Null when there are none, or when their screen is gone. */
function rememberedBounds(): Rectangle | null {
  const bounds = readPrivate(boundsFile(), boundsSchema);
  if (bounds === null) return null;
  const area = screen.getDisplayMatching(bounds).workArea;
  const grip = 80;
  const visible =
    bounds.x < area.x + area.width - grip &&
    bounds.x + bounds.width > area.x + grip &&
    bounds.y >= area.y &&
    bounds.y < area.y + area.height - grip;
  return visible ? bounds : null;
}

function rememberBounds(bounds: Rectangle): void {
  try {
    writePrivate(boundsFile(), bounds);
  } catch {
    // A window that opens elsewhere next time is no reason to stop anybody from closing it.
  }
}
