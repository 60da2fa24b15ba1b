// Electron's main process: windows, menus, dialogs, keys. It computes nothing and asks no database.
import {
  app,
  BrowserWindow,
  ipcMain,
  MessageChannelMain,
  Notification,
  Menu,
  type MenuItemConstructorOptions,
} from 'electron';
import type { Preferences } from '../../shared/contract/system.ts';
import { defaultWorkspaceDir } from '../storage/workspace.ts';
import { BackendLink } from './backend-link.ts';
import { mayQuit, pick, reveal, showRefusal } from './dialogs.ts';
import { hasKeyStore, readSecret, writeSecret } from './key-store.ts';
import type { Question, ToMain } from './messages.ts';
import { isOwnPage, pageOfLink, registerOrigin, servePages } from './pages.ts';
import { denyLeaving, openWindow, showWindow } from './windows.ts';

/** A backend that ends this soon after its start would end again. */
const RESTART_MS = 10_000;
/** A backend that does not answer in this time does not keep anybody from quitting. */
const BUSY_MS = 3_000;

let backend: BackendLink | undefined;
let startedAt = 0;
let answerBusy: ((running: string | null) => void) | undefined;
let leaving = false;

if (app.requestSingleInstanceLock()) start();
else app.quit();

function start(): void {
  registerOrigin();
  denyLeaving();
  app.enableSandbox();
  app.on('second-instance', (_event, argv) =>
    show(argv.map(pageOfLink).find((page) => page !== null) ?? null),
  );
  app.on('open-url', (event, link) => {
    event.preventDefault();
    show(pageOfLink(link));
  });
  app.on('activate', () => show(null));
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit();
  });
  app.on('before-quit', (event) => {
    if (leaving) return;
    event.preventDefault();
    void leave();
  });
  void app.whenReady().then(() => {
    servePages();
    setMenu(() => openWindow());
    ipcMain.on('graft:port', (event) => {
      if (!event.senderFrame || !isOwnPage(event.senderFrame.url)) return;
      const { port1, port2 } = new MessageChannelMain();
      backend?.send({ type: 'window' }, [port1]);
      event.sender.postMessage('graft:port', null, [port2]);
    });
    void startBackend().then(() =>
      openWindow(process.argv.map(pageOfLink).find((page) => page !== null) ?? '/'),
    );
  });
}

async function startBackend(): Promise<void> {
  startedAt = Date.now();
  const open = { dir: defaultWorkspaceDir(), keyStore: await hasKeyStore() };
  backend = new BackendLink(open, { onMessage, ask, onEnd });
}

function onMessage(message: Exclude<ToMain, { type: 'ask' | `engine-${string}` }>): void {
  if (message.type === 'opened' || message.type === 'preferences') apply(message.preferences);
  else if (message.type === 'progress') {
    for (const window of BrowserWindow.getAllWindows()) window.setProgressBar(message.share ?? -1);
  } else if (message.type === 'notify') {
    const notification = new Notification({ title: message.title, body: message.body });
    notification.on('click', () => show(null));
    notification.show();
  } else if (message.type === 'busy') answerBusy?.(message.running);
  else {
    showRefusal(message.fault);
    leaving = true;
    app.quit();
  }
}

async function ask(question: Question): Promise<unknown> {
  if (question.kind === 'pick') return pick(frontWindow(), question.pick);
  if (question.kind === 'reveal') return reveal(question.path);
  if (question.kind === 'secret-read') return readSecret(question.name);
  await writeSecret(question.name, question.value);
  return null;
}

/** The backend was killed or crashed: what it ran is interrupted and can go on; the windows connect again. */
function onEnd(code: number): void {
  answerBusy?.(null);
  if (leaving) return;
  if (Date.now() - startedAt > RESTART_MS) {
    void startBackend();
    for (const window of BrowserWindow.getAllWindows()) window.webContents.send('graft:lost');
    return;
  }
  showRefusal({
    code: 'hosts/backend-ended',
    message: `Graft's background process ended right after its start (code ${code}).`,
    remedy: 'Start Graft again. If it happens again, choose another workspace with GRAFT_WORKSPACE.',
  });
  leaving = true;
  app.quit();
}

/** Asks when an experiment runs, then lets it keep its checkpoint. */
async function leave(): Promise<void> {
  const running = await new Promise<string | null>((resolve) => {
    answerBusy = resolve;
    setTimeout(() => resolve(null), BUSY_MS);
    backend?.send({ type: 'busy' });
  });
  if (running !== null && !(await mayQuit(running))) {
    if (BrowserWindow.getAllWindows().length === 0) openWindow();
    return;
  }
  leaving = true;
  await backend?.close();
  app.quit();
}

function apply({ registerLinks }: Preferences): void {
  if (registerLinks) app.setAsDefaultProtocolClient('graft');
  else if (app.isDefaultProtocolClient('graft')) app.removeAsDefaultProtocolClient('graft');
}

function frontWindow(): Electron.BrowserWindow | undefined {
  return BrowserWindow.getFocusedWindow() ?? BrowserWindow.getAllWindows()[0];
}

function show(page: string | null): void {
  const window = frontWindow();
  if (window) showWindow(window, page);
  else openWindow(page ?? '/');
}

/** The menus that people of each platform expect; what the app does has its place in the window. */
function setMenu(openWindow: () => void): void {
  const mac = process.platform === 'darwin';
  const fileItems: MenuItemConstructorOptions[] = [
    { label: 'New Window', accelerator: 'CmdOrCtrl+Shift+N', click: openWindow },
    { type: 'separator' },
    { role: mac ? 'close' : 'quit' },
  ];
  const template: MenuItemConstructorOptions[] = [
    ...(mac ? [{ role: 'appMenu' } as const] : []),
    { label: 'File', submenu: fileItems },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'reload' },
        { type: 'separator' },
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        ...(app.isPackaged ? [] : [{ role: 'toggleDevTools' } as const]),
      ],
    },
    { role: 'windowMenu' },
  ];
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
