import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { App } from '../backend/app.ts';
import { startServer, staticPages } from './server.ts';
import { StaticFiles } from './static-files.ts';

const token = 'q'.repeat(43);

/** A server over a small built window, with a secret beside it. */
async function serving() {
  const dir = mkdtempSync(path.join(tmpdir(), 'graft-web-'));
  mkdirSync(path.join(dir, 'renderer/assets'), { recursive: true });
  writeFileSync(path.join(dir, 'secret.txt'), 'the secret');
  writeFileSync(path.join(dir, 'renderer/index.html'), '<!doctype html><title>Graft</title>');
  writeFileSync(path.join(dir, 'renderer/assets/app-1234.js'), 'console.log(1)');
  const files = new StaticFiles(path.join(dir, 'renderer'));
  const app = new App();
  app.add({ 'jobs/list': () => ({ jobs: [] }) });
  const server = await startServer({
    app,
    pages: staticPages(files),
    port: 0,
    token,
  });
  onTestFinished(async () => {
    await server.close();
    rmSync(dir, { recursive: true });
  });
  return { app, port: server.port, own: `http://127.0.0.1:${server.port}` };
}

function get(port: number, url: string, headers: Record<string, string> = {}, method = 'GET') {
  return new Promise<{ status: number; body: string; headers: Record<string, unknown> }>(
    (resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path: url, headers, method }, (response) => {
        let body = '';
        response.on('data', (part: Buffer) => (body += part.toString()));
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, body, headers: response.headers }),
        );
      });
      asked.on('error', reject).end();
    },
  );
}

/** What a client sees: the open connection, or the status that refused it. */
function open(
  port: number,
  {
    origin,
    protocols = ['graft', `token.${token}`],
    host,
    url = '/rpc',
  }: {
    origin?: string;
    protocols?: string[];
    host?: string;
    url?: string;
  },
): Promise<WebSocket | number> {
  const headers = host === undefined ? {} : { host };
  const socket = new WebSocket(`ws://127.0.0.1:${port}${url}`, protocols, {
    headers,
    ...(origin === undefined ? {} : { origin }),
  });
  onTestFinished(() => socket.terminate());
  return new Promise((resolve) => {
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.once('error', () => undefined);
  });
}

async function opened(port: number, own: string): Promise<WebSocket> {
  const socket = await open(port, { origin: own });
  if (typeof socket === 'number') throw new Error(`Refused with ${socket}.`);
  return socket;
}

const next = (socket: WebSocket) =>
  new Promise<unknown>((resolve) =>
    socket.once('message', (data) => resolve(JSON.parse((data as Buffer).toString()))),
  );
const closed = (socket: WebSocket) => new Promise<number>((resolve) => socket.once('close', resolve));

describe('the window', () => {
  test('is served under any of its addresses, with headers that let nothing else in', async () => {
    const { port } = await serving();
    for (const url of ['/', '/experiments/7', '/data/import?x=1']) {
      const { status, body, headers } = await get(port, url);
      expect([status, body]).toEqual([200, '<!doctype html><title>Graft</title>']);
      const policy = String(headers['content-security-policy']);
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self';");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
      });
    }
    const script = await get(port, '/assets/app-1234.js');
    expect(script.headers['content-type']).toContain('text/javascript');
    const again = await get(port, '/assets/app-1234.js', { 'if-none-match': String(script.headers['etag']) });
    expect([again.status, again.body]).toEqual([304, '']);
  });

  test('gives no file outside of its folder, whatever the path looks like', async () => {
    const { port } = await serving();
    for (const url of [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/..%5c..%5csecret.txt',
      '//secret.txt',
      '/secret.txt%00.js',
    ]) {
      const { status, body } = await get(port, url);
      expect([url, status]).toEqual([url, 404]);
      expect(body).not.toContain('the secret');
    }
  });

  test('is not given to a rebound name, to another page, or by another method', async () => {
    const { port, own } = await serving();
    expect((await get(port, '/', { host: 'evil.example' })).status).toBe(403);
    expect((await get(port, '/', { host: `evil.example:${port}` })).status).toBe(403);
    expect((await get(port, '/', { host: '127.0.0.1:1' })).status).toBe(403);
    expect((await get(port, '/', { origin: 'http://evil.example' })).status).toBe(403);
    expect((await get(port, '/assets/app-1234.js', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await get(port, '/', {}, 'POST')).status).toBe(405);
    expect((await get(port, '/', { origin: own })).status).toBe(200);
    const link = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect((await get(port, '/', link)).status).toBe(200);
    expect((await get(port, '/', { ...link, 'sec-fetch-dest': 'iframe' })).status).toBe(403);
  });
});

describe('a connection', () => {
  test('answers requests of a page of its own that has the token', async () => {
    const { port, own } = await serving();
    const socket = await opened(port, own);
    const reply = next(socket);
    socket.send(JSON.stringify({ id: 1, method: 'jobs/list', input: {} }));
    expect(await reply).toEqual({ id: 1, output: { jobs: [] } });
  });

  test('is refused to another origin, to none, and to a rebound name', async () => {
    const { port, own } = await serving();
    expect(await open(port, { origin: 'http://evil.example' })).toBe(403);
    expect(await open(port, { origin: 'null' })).toBe(403);
    expect(await open(port, { origin: `http://127.0.0.1:${port + 1}` })).toBe(403);
    expect(await open(port, {})).toBe(403);
    const name = `evil.example:${port}`;
    expect(await open(port, { origin: `http://${name}`, host: name })).toBe(403);
    expect(await open(port, { origin: own, url: '/other' })).toBe(404);
  });

  test('is refused without the token, with a wrong one, and with one in the address', async () => {
    const { port, own } = await serving();
    expect(await open(port, { origin: own, protocols: [] })).toBe(401);
    expect(await open(port, { origin: own, protocols: ['graft'] })).toBe(401);
    expect(await open(port, { origin: own, protocols: ['graft', 'token.x'] })).toBe(401);
    expect(await open(port, { origin: own, protocols: ['graft', `token.${'p'.repeat(43)}`] })).toBe(401);
    expect(await open(port, { origin: own, protocols: ['graft'], url: `/rpc?token=${token}` })).toBe(404);
  });

  test('is said beforehand to be open or not, to pages of its own alone', async () => {
    const { port } = await serving();
    const ask = async (key: string, more: Record<string, string> = {}) =>
      (await get(port, '/rpc', { authorization: `Bearer ${key}`, ...more })).status;
    expect(await ask(token)).toBe(204);
    for (const key of ['', 'x', 'p'.repeat(43), `${token}x`]) expect(await ask(key)).toBe(401);
    expect((await get(port, '/rpc')).status).toBe(401);
    expect(await ask(token, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).toBe(403);
    expect(await ask(token, { origin: 'http://evil.example' })).toBe(403);
    expect(await ask(token, { host: `evil.example:${port}` })).toBe(403);
  });

  test('is closed by an oversized message, by bytes, by broken JSON and by what is no request', async () => {
    const { port, own } = await serving();
    const send = async (message: string | Buffer): Promise<number> => {
      const socket = await opened(port, own);
      const code = closed(socket);
      socket.send(message);
      return code;
    };
    expect(await send(`"${'x'.repeat(17 * 2 ** 20)}"`)).toBe(1009);
    expect(await send(Buffer.from([1, 2, 3]))).toBe(1003);
    expect(await send('{"id":')).toBe(1007);
    expect(await send('{"hello":"there"}')).toBe(1008);
  });

  test('of a window that does not read is cut before it costs memory, and the others hear on', async () => {
    const { app, port, own } = await serving();
    const [deaf, other] = [await opened(port, own), await opened(port, own)];
    deaf.pause();
    let heard = 0;
    other.on('message', () => heard++);
    const end = closed(deaf);
    const id = 'd'.repeat(4096);
    const before = process.memoryUsage().external + process.memoryUsage().heapUsed;
    // 160 MB in all: what the system's own buffers take is a tenth of it at most.
    const told = 40_000;
    for (let i = 0; i < told; i++) {
      app.emit('datasets/changed', { id });
      if (i % 100 === 0) await new Promise(setImmediate);
    }
    const held = process.memoryUsage().external + process.memoryUsage().heapUsed - before;
    expect(held).toBeLessThan(120 * 2 ** 20);
    deaf.resume();
    expect(await end).toBe(1006);
    while (heard < told) await new Promise((resolve) => setTimeout(resolve, 10));
  });

  test('of every window gets every event', async () => {
    const { app, port, own } = await serving();
    const windows = [await opened(port, own), await opened(port, own)];
    const messages = Promise.all(windows.map(next));
    app.emit('datasets/changed', { id: 'd1' });
    const event = { event: 'datasets/changed', data: { id: 'd1' } };
    expect(await messages).toEqual([event, event]);
  });
});

test('a request that is no HTTP does not disturb the others', async () => {
  const { port } = await serving();
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => {
    socket.on('close', resolve).on('error', () => undefined);
    socket.end('\x16\x03\x01 hello\r\n\r\n');
    socket.resume();
  });
  expect((await get(port, '/')).status).toBe(200);
});
