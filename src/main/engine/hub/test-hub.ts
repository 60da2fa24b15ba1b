import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { faultOf, golden, temporaryFolder, textOf } from '../formats/test-support.ts';
import { resolveModel } from './resolve-model.ts';

export const commit = '0123456789abcdef0123456789abcdef01234567';

export interface TestHub {
  endpoint: string;
  /** Paths that were asked for, in order. */
  requests: string[];
  /** The token that came with each. */
  tokens: (string | undefined)[];
}

/** Answers a request itself (true), or leaves it to the hub. */
export type Override = (path: string, response: ServerResponse) => boolean;

const sha256 = (data: Buffer) => createHash('sha256').update(data).digest('hex');
const gitHash = (data: Buffer) =>
  createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');

/** A hub on the loopback address with one model, `org/name`; files over 1,000 bytes are kept in LFS, on another path. */
export async function startHub(
  files: Record<string, Buffer>,
  override: Override = () => false,
): Promise<TestHub> {
  const requests: string[] = [];
  const tokens: (string | undefined)[] = [];
  const isLarge = (data: Buffer) => data.length > 1000;

  const json = (response: ServerResponse, value: unknown) => {
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(value));
  };

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const path = new URL(request.url ?? '/', 'http://hub').pathname;
    requests.push(path);
    tokens.push(request.headers.authorization);
    if (override(path, response)) return;
    if (path === '/api/models/org/name/revision/main') {
      json(response, { _id: '1', id: 'org/name', sha: commit, lastModified: '2026-01-01T00:00:00Z' });
      return;
    }
    if (path === `/api/models/org/name/tree/${commit}`) {
      const entries = Object.entries(files).map(([name, data]) => ({
        type: 'file',
        path: name,
        size: data.length,
        oid: gitHash(data),
        ...(isLarge(data) && { lfs: { oid: sha256(data), size: data.length, pointerSize: 130 } }),
      }));
      json(response, [{ type: 'directory', path: 'onnx', size: 0, oid: commit }, ...entries]);
      return;
    }
    const [, place, name] = /^\/(org\/name\/resolve\/[0-9a-f]{40}|lfs)\/(.+)$/.exec(path) ?? [];
    const data = files[name ?? ''];
    if (data === undefined) {
      response.statusCode = 404;
      response.setHeader('X-Error-Code', name === undefined ? 'RepoNotFound' : 'EntryNotFound');
      json(response, { error: 'not found' });
      return;
    }
    response.setHeader('X-Repo-Commit', commit);
    response.setHeader('ETag', `"${gitHash(data)}"`);
    if (isLarge(data) && place !== 'lfs') {
      response.setHeader('X-Linked-Etag', `"${sha256(data)}"`);
      response.setHeader('X-Linked-Size', data.length);
      response.writeHead(302, { Location: `/lfs/${name ?? ''}` }).end();
      return;
    }
    response.setHeader('Content-Length', data.length);
    response.end(data);
  };

  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return { endpoint: `http://127.0.0.1:${port}`, requests, tokens };
}

export const bert = join(golden, 'seed1/models/bert');

export async function modelFiles(): Promise<Record<string, Buffer>> {
  const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(bert, name))] as const),
  );
  const unneeded = { 'README.md': Buffer.from('# card'), 'tf_model.h5': Buffer.alloc(5000) };
  return { ...Object.fromEntries(files), 'pytorch_model.bin': Buffer.alloc(2000), ...unneeded };
}

/** A hub with the golden model, and an empty cache that belongs to it. */
export async function hubAndCache(override?: Override, files?: Record<string, Buffer>) {
  const hub = await startHub(files ?? (await modelFiles()), override);
  const cache = await temporaryFolder();
  const env = { HF_HUB_CACHE: cache, HF_ENDPOINT: hub.endpoint };
  return { hub, cache, env, modelDir: join(cache, 'models--org--name') };
}

/** What a person reads; the places that differ from run to run are named. */
export async function refusal(model: string, env: NodeJS.ProcessEnv): Promise<string> {
  const text = textOf(await faultOf(() => resolveModel(model, { env })), '\0');
  const { HF_ENDPOINT: endpoint = '\0', HF_HUB_CACHE: cache = '\0' } = env;
  return text.replaceAll(endpoint, 'HUB').replaceAll(cache, 'CACHE');
}

/** An address at which nothing listens any more. */
export async function closedEndpoint(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
