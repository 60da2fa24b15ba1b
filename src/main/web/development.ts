import { fileURLToPath } from 'node:url';
import { createServer } from 'vite';
import type { Pages } from './server.ts';

const configFile = fileURLToPath(new URL('../../renderer/vite.config.ts', import.meta.url));

/** The window straight from its sources, made anew at each change: for those who work on it. */
export async function developmentServer(): Promise<{ answer: Pages; close(): Promise<void> }> {
  // No hot replacement: its inline client would need a weaker policy than people get. A reload shows the change.
  const vite = await createServer({
    configFile,
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, allowedHosts: ['127.0.0.1', 'localhost'] },
  });
  return {
    answer: (request, response) => vite.middlewares(request, response),
    close: () => vite.close(),
  };
}
