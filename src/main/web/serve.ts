import { randomBytes } from 'node:crypto';
import { fault } from '../../shared/faults/index.ts';
import { openAlone } from '../backend/backend.ts';
import { addressOf } from '../storage/workspace-lock.ts';
import { ensureRenderer, rendererConfig } from './renderer-build.ts';
import { startServer, staticPages, type Pages, type WebServer } from './server.ts';
import { StaticFiles } from './static-files.ts';
import { webHost } from './web-host.ts';

/** Where the window is, asked for by nobody in particular: easy to remember and to forward by SSH. */
const USUAL_PORT = 4737;

export interface Serving {
  address: string;
  port: number;
  pid: number;
  /** True: another process serves this workspace already, and this one has nothing to close. */
  already: boolean;
  /** What runs keeps a checkpoint. */
  close(): Promise<void>;
}

/**
 * Serves a workspace to browsers of this machine, or finds the process that does.
 * Throws `hosts/…` and `store/…`.
 */
export async function serve({
  dir,
  port,
  dev = false,
  say,
}: {
  dir: string;
  port: number | undefined;
  dev?: boolean;
  say: (message: string) => void;
}): Promise<Serving> {
  const backend = await openAlone(dir, webHost());
  if ('holder' in backend) {
    const { pid, port: taken, token } = backend.holder;
    if (taken === null || token === null) throw fault('store/in-use', { file: dir, pid });
    const address = addressOf(taken, token);
    return { address, port: taken, pid, already: true, close: () => Promise.resolve() };
  }
  let server: WebServer | undefined;
  let pages: { answer: Pages; close(): Promise<void> } | undefined;
  const close = async (): Promise<void> => {
    await server?.close();
    await pages?.close();
    await backend.close();
  };
  try {
    pages = dev ? await developmentPages() : await builtPages(say);
    const token = randomBytes(32).toString('base64url');
    server = await listen(port, { app: backend.app, pages: pages.answer, token });
    backend.announce({ pid: process.pid, port: server.port, token });
    const address = addressOf(server.port, token);
    return { address, port: server.port, pid: process.pid, already: false, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The named port or none; without a name the usual one, or any that is free. */
async function listen(
  port: number | undefined,
  rest: Omit<Parameters<typeof startServer>[0], 'port'>,
): Promise<WebServer> {
  try {
    return await startServer({ ...rest, port: port ?? USUAL_PORT });
  } catch (error) {
    if (port === undefined) return startServer({ ...rest, port: 0 });
    throw fault(
      'hosts/port',
      { port, reason: error instanceof Error ? error.message : String(error) },
      error,
    );
  }
}

async function builtPages(say: (message: string) => void) {
  const files = new StaticFiles(await ensureRenderer(say));
  return { answer: staticPages(files), close: () => Promise.resolve() };
}

/** The window straight from its sources, made anew at each change: for those who work on it. */
async function developmentPages(): Promise<{ answer: Pages; close(): Promise<void> }> {
  const { createServer } = await import('vite');
  // No hot replacement: its inline client would need a weaker policy than people get. A reload shows the change.
  const vite = await createServer({
    configFile: rendererConfig,
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, allowedHosts: ['127.0.0.1', 'localhost'] },
  });
  return {
    answer: (request, response) => vite.middlewares(request, response),
    close: () => vite.close(),
  };
}
