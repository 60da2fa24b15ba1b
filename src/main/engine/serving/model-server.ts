import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { systemFault } from '../../../shared/faults/system.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';
import { Batcher, QueueFullError } from './batcher.ts';
import { MOST_TEXTS, readRequest, requestSchema, type Prediction } from './predict-request.ts';

export interface ModelServerOptions {
  /** What it is called in `GET /`. */
  name: string;
  labels: readonly string[];
  /** Tokens after which a text is cut. */
  maxLength: number;
  /** 0: any that is free. */
  port: number;
  /** A prediction a text, in order. A fault that it throws is answered with 503. */
  predict: (texts: TextInput[]) => Promise<Prediction[]>;
  /** Texts that may wait while others are answered; beyond them requests get 429. */
  mostWaiting?: number;
}

export interface ModelServer {
  port: number;
  /** Takes no more requests, answers those that came, and ends. */
  close(): Promise<void>;
}

/** Most bytes of a request's body. */
const MOST_BYTES = 2 ** 20;
const MOST_WAITING = 1024;

/** An answer that is no prediction. */
class Refusal extends Error {
  readonly status: number;
  readonly fault: Fault;
  readonly headers: Record<string, string>;
  constructor(status: number, refused: Fault, headers: Record<string, string> = {}) {
    super(refused.message);
    this.status = status;
    this.fault = refused;
    this.headers = headers;
  }
}

/** Serves a model on the loopback address. Rejects with EADDRINUSE or EACCES where the port cannot be had. */
export async function startModelServer(options: ModelServerOptions): Promise<ModelServer> {
  const batcher = new Batcher({
    answer: options.predict,
    mostAtOnce: MOST_TEXTS,
    mostWaiting: options.mostWaiting ?? MOST_WAITING,
  });
  let closing = false;
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 30_000 });
  const port = (): number => (server.address() as AddressInfo).port;

  async function answer(request: IncomingMessage): Promise<unknown> {
    checkCaller(request, port());
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const wanted = { '/': 'GET', '/health': 'GET', '/predict': 'POST' }[pathname];
    if (wanted === undefined) throw new Refusal(404, fault('serving/path', { path: pathname }));
    if (request.method !== wanted)
      throw new Refusal(405, fault('serving/method', { path: pathname, method: wanted }), { allow: wanted });
    if (pathname === '/') return about(options, port());
    if (pathname === '/health') return { status: 'ok', model: options.name, waiting: batcher.waiting };
    if (closing) throw new Refusal(503, fault('serving/closing', {}), { 'retry-after': '1' });
    const texts = readRequest(await bodyOf(request));
    return { predictions: await batcher.ask(texts) };
  }

  server.on('request', (request, response) => {
    answer(request).then(
      (value) => send(response, 200, value),
      (error: unknown) => {
        const { status, fault: refused, headers } = refusalOf(error);
        send(response, status, { error: refused.toJSON() }, headers);
      },
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: options.port }, resolve);
  });
  return {
    port: port(),
    close: async () => {
      closing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await batcher.idle();
      server.closeIdleConnections();
      await closed;
    },
  };
}

/**
 * Only programs of this machine: a name that was pointed here does not pass, nor does a page of another origin, which
 * a browser lets send but not read.
 */
function checkCaller({ headers }: IncomingMessage, port: number): void {
  const own = [`127.0.0.1:${port}`, `localhost:${port}`];
  const { host, origin } = headers;
  const isOwn = host !== undefined && own.includes(host);
  if (!isOwn || (origin !== undefined && origin !== `http://${host}`))
    throw new Refusal(403, fault('serving/host', { port }));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/(?:[\w.-]+\+)?json\b/i.test(type))
    throw new Refusal(415, fault('serving/type', { type }));
  const tooLarge = (): Refusal =>
    new Refusal(413, fault('serving/too-large', { most: MOST_BYTES }), { connection: 'close' });
  if (Number(request.headers['content-length'] ?? 0) > MOST_BYTES) throw tooLarge();
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MOST_BYTES) throw tooLarge();
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

/** Faults of what was sent; the others are of what answers. */
const badText = /^(?:serving\/(?:json|body)|models\/(?:token-|text-length)|tokenizer\/)/;

function refusalOf(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof QueueFullError)
    return new Refusal(429, fault('serving/busy', {}), { 'retry-after': '1' });
  if (error instanceof Fault && badText.test(error.code)) return new Refusal(400, error);
  const known = systemFault(error);
  if (known) return new Refusal(503, known, { 'retry-after': '5' });
  const detail = error instanceof Error ? error.message : String(error);
  return new Refusal(500, fault('backend/defect', { method: 'predict', detail }, error));
}

function about({ name, labels, maxLength }: ModelServerOptions, port: number): unknown {
  const example = { texts: ['A text', 'Another one'] };
  return {
    model: name,
    labels,
    max_length: maxLength,
    predict: {
      method: 'POST',
      path: '/predict',
      request: requestSchema,
      response: {
        predictions: [
          {
            label: 'the likeliest label',
            score: 'its probability',
            scores: { label: 'probability' },
            cut: false,
          },
        ],
      },
      limits: { texts: MOST_TEXTS, body_bytes: MOST_BYTES },
      example: `curl -s http://127.0.0.1:${port}/predict -H 'content-type: application/json' -d '${JSON.stringify(example)}'`,
    },
  };
}

function send(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': body.length,
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(body);
}
