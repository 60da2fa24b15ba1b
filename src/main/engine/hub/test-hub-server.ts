import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';

export const commit = '0123456789abcdef0123456789abcdef01234567';

type Files = Record<string, Buffer>;

/** A repository as the hub knows it. */
export interface TestRepository {
  files: Files;
  /** What the API adds to its answer: downloads, tags, gated, … */
  info?: Record<string, unknown>;
}

/** A data set's Parquet files by config and split. */
export type TestParquet = Record<string, Record<string, Buffer[]>>;

/** Answers a request itself (true), or leaves it to the hub. */
export type Override = (path: string, response: ServerResponse, request: IncomingMessage) => boolean;

export interface TestHubContents {
  models?: Record<string, TestRepository>;
  datasets?: Record<string, { info?: Record<string, unknown>; parquet: TestParquet }>;
  /** Branches besides main, all of one commit. */
  revisions?: readonly string[];
  override?: Override;
}

export interface TestHub {
  endpoint: string;
  /** Paths that were asked for, in order. */
  requests: string[];
  /** The token that came with each. */
  tokens: (string | undefined)[];
  /** The Range header that came with each. */
  ranges: (string | undefined)[];
  close(): void;
}

export const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
export const gitHash = (data: Buffer) =>
  createHash('sha1').update(`blob ${data.length}\0`).update(data).digest('hex');
const isLarge = (data: Buffer) => data.length > 1000;

/** A hub on the loopback address; files over 1,000 bytes are kept in LFS, on another path. */
export async function serveHub(contents: TestHubContents): Promise<TestHub> {
  const { models = {}, datasets = {}, revisions = [], override = () => false } = contents;
  const requests: string[] = [];
  const tokens: (string | undefined)[] = [];
  const ranges: (string | undefined)[] = [];
  let endpoint = '';

  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? '/', 'http://hub');
    const path = decodeURIComponent(url.pathname);
    requests.push(path);
    tokens.push(request.headers.authorization);
    ranges.push(request.headers.range);
    if (override(path, response, request)) return;
    if (path === '/api/models') return json(response, search(models, url));
    for (const [id, { files, info: info }] of Object.entries(models)) {
      const revision = after(path, `/api/models/${id}/revision/`);
      if (revision === 'main' || revision === commit || revisions.includes(revision ?? '')) {
        return json(response, { ...modelInfo(id), ...info, sha: commit });
      }
      if (revision !== undefined) return refuse(response, 404, 'RevisionNotFound');
      if (path === `/api/models/${id}/tree/${commit}`) return json(response, tree(files));
      const name = after(path, `/${id}/resolve/${commit}/`);
      const large = after(path, `/lfs/${id}/`);
      const data = files[name ?? large ?? ''];
      if (data !== undefined) return sendFile(request, response, data, large ?? null, `/lfs/${id}/${name}`);
      if (name !== undefined) return refuse(response, 404, 'EntryNotFound');
    }
    for (const [id, { parquet, info: info }] of Object.entries(datasets)) {
      const files = parquetFiles(parquet);
      if (after(path, `/api/datasets/${id}/revision/`) === 'main') {
        return json(response, { ...modelInfo(id), ...info, sha: commit });
      }
      if (path === `/api/datasets/${id}/parquet`) return json(response, parquetList(endpoint, id, parquet));
      if (path === `/api/datasets/${id}/tree/refs/convert/parquet`) return json(response, tree(files));
      const converted = after(path, `/datasets/${id}/resolve/refs/convert/parquet/`);
      const large = after(path, `/lfs/${id}/`);
      const data = files[converted ?? large ?? ''];
      if (data !== undefined)
        return sendFile(request, response, data, large ?? null, `/lfs/${id}/${converted}`);
      const [, config = '', split = '', n = ''] =
        /^([^/]+)\/([^/]+)\/(\d+)\.parquet$/.exec(after(path, `/api/datasets/${id}/parquet/`) ?? '') ?? [];
      if (n !== '') {
        const start = `${config}/${split}/${n.padStart(4, '0')}.parquet`;
        const to = `/datasets/${id}/resolve/refs%2Fconvert%2Fparquet/${start}`;
        return void response.writeHead(302, { Location: to }).end();
      }
    }
    refuse(response, 404, 'RepoNotFound');
  };

  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = z.object({ port: z.number() }).parse(server.address());
  endpoint = `http://127.0.0.1:${port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { endpoint, requests, tokens, ranges, close };
}

/** A file as the hub gives it out: a link to LFS for a large one, else its bytes, from `Range` on. */
function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  data: Buffer,
  large: string | null,
  link: string,
): void {
  response.setHeader('X-Repo-Commit', commit);
  if (isLarge(data) && large === null) {
    response.setHeader('X-Linked-Etag', `"${sha256(data)}"`);
    response.setHeader('X-Linked-Size', data.length);
    // The hub sends to another host, by its whole address.
    response.writeHead(302, { Location: `http://${request.headers.host}${link}` }).end();
    return;
  }
  sendRange(request, response, data, `"${gitHash(data)}"`);
}

/** Bytes from `Range` on; all of them where `If-Range` names another ETag. */
function sendRange(request: IncomingMessage, response: ServerResponse, data: Buffer, etag: string): void {
  response.setHeader('ETag', etag);
  response.setHeader('Accept-Ranges', 'bytes');
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const { 'if-range': asked } = request.headers;
  if (start >= data.length) return void response.writeHead(416).end();
  const isPart = start > 0 && (asked === undefined || asked === etag);
  const body = isPart ? data.subarray(start) : data;
  if (isPart) {
    response.statusCode = 206;
    response.setHeader('Content-Range', `bytes ${start}-${data.length - 1}/${data.length}`);
  }
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

const after = (path: string, start: string): string | undefined =>
  path.startsWith(start) ? path.slice(start.length) : undefined;

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.statusCode = status;
  response.setHeader('X-Error-Code', code);
  json(response, { error: code });
}

const modelInfo = (id: string) => ({
  _id: '1',
  id,
  private: false,
  gated: false,
  downloads: 10,
  likes: 1,
  lastModified: '2026-01-01T00:00:00.000Z',
});

function search(models: Record<string, TestRepository>, url: URL): unknown[] {
  const words = (url.searchParams.get('search') ?? '').toLowerCase();
  return Object.entries(models)
    .filter(([id]) => id.toLowerCase().includes(words))
    .map(([id, { info: info }]) => ({ ...modelInfo(id), ...info }))
    .slice(0, Number(url.searchParams.get('limit') ?? 1000));
}

function tree(files: Files): unknown[] {
  const entries = Object.entries(files).map(([path, data]) => ({
    type: 'file',
    path,
    size: data.length,
    oid: gitHash(data),
    ...(isLarge(data) && { lfs: { oid: sha256(data), size: data.length, pointerSize: 130 } }),
  }));
  return [{ type: 'directory', path: 'onnx', size: 0, oid: commit }, ...entries];
}

function parquetFiles(parquet: TestParquet): Files {
  const files: Files = {};
  for (const [config, splits] of Object.entries(parquet)) {
    for (const [split, parts] of Object.entries(splits)) {
      parts.forEach((data, n) => {
        files[`${config}/${split}/${String(n).padStart(4, '0')}.parquet`] = data;
      });
    }
  }
  return files;
}

function parquetList(endpoint: string, id: string, parquet: TestParquet): unknown {
  const urls = (config: string, split: string, count: number) =>
    Array.from(
      { length: count },
      (_, n) => `${endpoint}/api/datasets/${id}/parquet/${config}/${split}/${n}.parquet`,
    );
  return Object.fromEntries(
    Object.entries(parquet).map(([config, splits]) => [
      config,
      Object.fromEntries(
        Object.entries(splits).map(([split, parts]) => [split, urls(config, split, parts.length)]),
      ),
    ]),
  );
}
