import { EventEmitter } from 'node:events';
import { readFileSync } from 'node:fs';
import type { CDPSession, Page } from 'playwright-core';
import { mainWorld, preloadWorld } from './bridge-scripts.ts';
import type { PortMain } from './ports.ts';
import { ipcMain, schemes } from './registry.ts';
import { strict } from './strict.ts';

const WORLD = 'graft-preload';

type FromPage =
  | { type: 'ipc'; channel: string; args: unknown[] }
  | { type: 'port'; port: number; data: unknown }
  | { type: 'execute'; func: string; isFunction: boolean[]; values: unknown[] };

/** Chromium knows the app's scheme only by a name of its own: a secure origin, answered by the app's handler. */
export function outerUrl(url: string): string {
  const { protocol, host, pathname, search, hash } = new URL(url);
  return `http://${host}.${protocol.slice(0, -1)}.localhost${pathname}${search}${hash}`;
}
export function innerUrl(url: string): string {
  const match = /^http:\/\/([^./]+)\.([^./]+)\.localhost(.*)$/.exec(url);
  return match ? `${match[2]}://${match[1]}${match[3]}` : url;
}

/** A page of the test's Chromium, behind Electron's WebContents. */
export class WebContents extends EventEmitter {
  readonly session = strict('session', {
    setPermissionRequestHandler: (handler: unknown) => void (this.permissions.request = handler),
    setPermissionCheckHandler: (handler: unknown) => void (this.permissions.check = handler),
  });
  readonly permissions: { request: unknown; check: unknown } = { request: null, check: null };
  private windowOpenHandler: ((details: { url: string }) => { action: 'deny' }) | undefined;
  private readonly page: Promise<Page>;
  private cdp: CDPSession | undefined;
  private readonly ports = new Map<number, PortMain>();
  private preloadContext: number | undefined;
  private mainContext: number | undefined;
  private nextPort = 1;
  private bridged: Promise<void> = Promise.resolve();
  private setBridged: () => void = () => undefined;
  private gone = false;
  private mainFrameId = '';

  constructor(page: Promise<Page>, preload: string) {
    super();
    this.page = page.then(async (opened) => {
      await this.connect(opened, preload);
      return opened;
    });
  }

  async loadURL(url: string): Promise<void> {
    const page = await this.page;
    await page.goto(outerUrl(url));
  }

  setWindowOpenHandler(handler: (details: { url: string }) => { action: 'deny' }): void {
    this.windowOpenHandler = handler;
  }

  send(channel: string, ...args: unknown[]): void {
    this.evaluate(`__standInReceive(${JSON.stringify({ channel, message: args[0] ?? null, port: null })})`);
  }

  postMessage(channel: string, message: unknown, [port]: PortMain[] = []): void {
    let number: number | null = null;
    if (port) {
      const own = this.nextPort++;
      number = own;
      this.ports.set(own, port);
    }
    this.evaluate(`__standInReceive(${JSON.stringify({ channel, message, port: number })})`);
    if (port && number !== null) {
      port.handOver({
        message: (data) => this.evaluate(`__standInPort(${number}, ${JSON.stringify(data)})`),
        close: () => undefined,
      });
    }
  }

  private evaluate(expression: string): void {
    if (this.preloadContext === undefined || this.gone) return;
    void this.cdp
      ?.send('Runtime.evaluate', { expression, contextId: this.preloadContext })
      .catch(() => undefined);
  }

  private async connect(page: Page, preload: string): Promise<void> {
    const cdp = await page.context().newCDPSession(page);
    this.cdp = cdp;
    page.on('close', () => this.leave(true));
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame() && !/\.localhost/.test(frame.url()) && frame.url() !== 'about:blank') {
        throw new Error(`The window left the app for ${frame.url()}.`);
      }
    });
    cdp.on('Runtime.executionContextCreated', ({ context }) => {
      const { frameId, isDefault } = context.auxData as unknown as { frameId: string; isDefault: boolean };
      if (frameId !== this.mainFrameId) return;
      if (context.name === WORLD) this.preloadContext = context.id;
      else if (isDefault) this.mainContext = context.id;
    });
    cdp.on('Runtime.executionContextDestroyed', ({ executionContextId }) => {
      if (executionContextId === this.preloadContext) this.leave(false);
    });
    cdp.on('Runtime.bindingCalled', ({ payload }) => this.receive(JSON.parse(payload) as FromPage));
    const { frameTree } = await cdp.send('Page.getFrameTree');
    this.mainFrameId = frameTree.frame.id;
    await cdp.send('Runtime.addBinding', { name: '__standIn', executionContextName: WORLD });
    await cdp.send('Page.enable');
    await cdp.send('Runtime.enable');
    const source = preloadWorld(readFileSync(preload, 'utf8'));
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source, worldName: WORLD });
    await page.route('**/*', async (route) => {
      const request = route.request();
      const url = innerUrl(request.url());
      const handler = schemes.get(new URL(url).protocol.slice(0, -1));
      if (!handler) {
        if (!request.isNavigationRequest()) return route.abort('blockedbyclient');
        this.navigationDenied(url);
        // "No content" leaves the page where it is, as a denied navigation does.
        return route.fulfill({ status: 204 });
      }
      if (request.isNavigationRequest() && request.frame() === page.mainFrame()) {
        this.bridged = new Promise((resolve) => (this.setBridged = resolve));
      } else await this.bridged;
      const answer = await handler(new Request(url, { method: request.method() }));
      const headers = Object.fromEntries(answer.headers);
      await route.fulfill({ status: answer.status, headers, body: Buffer.from(await answer.arrayBuffer()) });
    });
    // A window that a page asks for is asked about, and never stays.
    cdp.on('Page.windowOpen', ({ url }) => {
      const answer = this.windowOpenHandler?.({ url });
      if (answer?.action !== 'deny') throw new Error('The app let a page open a window.');
    });
    page.on('popup', (popup) => void popup.close());
  }

  /** The app is asked, as Electron asks it; the stand-in lets nothing through in any case, so it insists on a no. */
  private navigationDenied(url: string): void {
    const event = { url, prevented: false, preventDefault: () => void (event.prevented = true) };
    this.emit('will-navigate', event);
    if (!event.prevented) throw new Error(`The app let a page navigate to ${url}.`);
  }

  private receive(message: FromPage): void {
    if (message.type === 'port') {
      this.ports.get(message.port)?.postMessage(message.data);
    } else if (message.type === 'ipc') {
      void this.page.then((page) => {
        const senderFrame = { url: innerUrl(page.url()) };
        ipcMain.emit(message.channel, { sender: this, senderFrame, ports: [] }, ...message.args);
      });
    } else if (this.mainContext !== undefined) {
      const expression = mainWorld(message.func, message.isFunction, message.values);
      void this.cdp
        ?.send('Runtime.evaluate', { expression, contextId: this.mainContext })
        .then(() => this.setBridged())
        .catch(() => undefined);
    }
  }

  /** The page was left or closed: its ports close with it. */
  private leave(forGood: boolean): void {
    this.gone = forGood;
    for (const port of this.ports.values()) port.close();
    this.ports.clear();
    if (forGood) this.emit('destroyed');
  }
}
