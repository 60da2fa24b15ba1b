// Electron, as far as Graft's main process calls it. Anything else is said loudly (see strict.ts).
import { EventEmitter } from 'node:events';
import type * as Electron from 'electron';
import { app as plainApp } from './app.ts';
import { BrowserWindow as PlainWindow, created } from './browser-window.ts';
import { MessageChannelMain as Channel } from './ports.ts';
import type { ToStandIn } from './protocol.ts';
import { ipcMain as plainIpc, schemes, tellSpec } from './registry.ts';
import { strict } from './strict.ts';
import { utilityProcess as plainUtility } from './utility-process.ts';

export const app = strict('app', plainApp);
export const ipcMain = strict('ipcMain', plainIpc);
export const utilityProcess = strict('utilityProcess', plainUtility);
export const MessageChannelMain = Channel;
export const BrowserWindow = strict('BrowserWindow', PlainWindow);

const openDialogs: (string[] | null)[] = [];
const messageBoxes: number[] = [];

export const dialog = strict('dialog', {
  showOpenDialog: (...given: unknown[]) => {
    if (given.length === 0) throw new TypeError('showOpenDialog takes options.');
    const paths = openDialogs.shift();
    if (paths === undefined) throw new Error('The spec expected no dialog.');
    return Promise.resolve({ canceled: paths === null, filePaths: paths ?? [] });
  },
  showMessageBox: ({ message }: Electron.MessageBoxOptions) => {
    tellSpec({ type: 'asked', message });
    const response = messageBoxes.shift();
    if (response === undefined) throw new Error(`The spec expected no question: ${message}`);
    return Promise.resolve({ response, checkboxChecked: false });
  },
  showErrorBox: (title: string, content: string) => tellSpec({ type: 'error-box', title, content }),
} satisfies Partial<Record<keyof Electron.Dialog, unknown>>);

export const shell = strict('shell', {
  openExternal: (url: string) => {
    tellSpec({ type: 'opened-outside', url });
    return Promise.resolve();
  },
  showItemInFolder: (path: string) => tellSpec({ type: 'opened-outside', url: path }),
} satisfies Partial<Electron.Shell>);

/** Seals by turning the bytes round: enough to see that nothing is written in the clear. */
const turned = (bytes: Buffer): Buffer => Buffer.from(bytes.map((byte) => byte ^ 0xff));
export const safeStorage = strict('safeStorage', {
  isAsyncEncryptionAvailable: () => Promise.resolve(true),
  getSelectedStorageBackend: () => 'gnome_libsecret' as const,
  encryptStringAsync: (text: string) => Promise.resolve(turned(Buffer.from(text))),
  decryptStringAsync: (sealed: Buffer) =>
    Promise.resolve({ shouldReEncrypt: false, result: turned(sealed).toString() }),
} satisfies Partial<Electron.SafeStorage>);

export const screen = strict('screen', {
  getDisplayMatching: (_bounds: Electron.Rectangle) => ({
    workArea: { x: 0, y: 0, width: 1920, height: 1080 },
  }),
});

export const protocol = strict('protocol', {
  registerSchemesAsPrivileged: (all: Electron.CustomScheme[]) => {
    for (const { privileges } of all) {
      if (privileges?.bypassCSP === true) throw new Error('No scheme may go round the policy.');
    }
  },
  handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>) =>
    void schemes.set(scheme, handler),
} satisfies Partial<Electron.Protocol>);

export class Notification extends EventEmitter {
  private readonly options: { title: string; body: string };
  constructor(options: { title: string; body: string }) {
    super();
    this.options = options;
  }
  show(): void {
    tellSpec({ type: 'notification', ...this.options });
  }
}

let menu: Electron.MenuItemConstructorOptions[] = [];
export const Menu = strict('Menu', {
  buildFromTemplate: (template: Electron.MenuItemConstructorOptions[]) => template,
  setApplicationMenu: (template: Electron.MenuItemConstructorOptions[]) => void (menu = template),
});

function clickMenu(label: string, items = menu): boolean {
  return items.some((item) => {
    if (Array.isArray(item.submenu)) return clickMenu(label, item.submenu);
    if (item.label !== label || !item.click) return false;
    (item.click as () => void)();
    return true;
  });
}

created.on('window', (window: PlainWindow) => plainApp.emit('web-contents-created', {}, window.webContents));
created.on('all-closed', () => plainApp.emit('window-all-closed'));
process.on('message', (message: ToStandIn) => {
  if (message.type === 'open-dialog') openDialogs.push(message.paths);
  else if (message.type === 'message-box') messageBoxes.push(message.response);
  else if (message.type === 'second-instance') plainApp.emit('second-instance', {}, message.argv);
  else if (message.type === 'quit') plainApp.quit();
  else if (!clickMenu(message.label)) throw new Error(`There is no menu item ${message.label}.`);
});
process.on('disconnect', () => process.exit(1));
