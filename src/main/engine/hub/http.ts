import * as http from 'node:http';
import type { Fault } from '../../../shared/faults/index.ts';

const MOST_REDIRECTS = 8;
const NO_PROXY = '; this version cannot use the proxy that HTTP_PROXY or HTTPS_PROXY names';

/** What a request failed with, where the next one may succeed. */
export class RetryableError extends Error {
  readonly fault: Fault;
  /** How long the server asks to wait; null: it does not say. */
  readonly waitMs: number | null;
  /** The connection failed; else the server answered, and refused for now. */
  readonly lost: boolean;
  /** Part of the answer had arrived. */
  readonly inBody: boolean;

  constructor(
    failure: Fault,
    {
      waitMs = null,
      lost = false,
      inBody = false,
    }: { waitMs?: number | null; lost?: boolean; inBody?: boolean } = {},
  ) {
    super(failure.message, { cause: failure.cause });
    this.fault = failure;
    this.waitMs = waitMs;
    this.lost = lost;
    this.inBody = inBody;
  }
}

/** An answer whose body is read piece by piece, each piece within the limit on silence. */
export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** Of each answer on the way here, the first first: a hub's own headers stand in those. */
  redirects: readonly Headers[];
  chunks: () => AsyncGenerator<Uint8Array>;
  /** Instead of reading it. */
  cancel: () => Promise<void>;
}

/** What a server's requests have in common, and what their failures are called. */
export interface Requests {
  signal: AbortSignal | undefined;
  /** A server that sends nothing for so long is given up. */
  silenceMs: number;
  authorization?: (url: URL) => Record<string, string>;
  /** The connection failed, for this reason. */
  unreachable: (reason: string, cause: unknown) => Fault;
  /** It redirects to where nobody may follow. */
  astray: (what: string) => Fault;
  /** An answer that is no success; 416 is for the caller. */
  refusal: (response: Response) => Error;
}

/**
 * One GET; redirects are followed. Throws what `requests` make of a failure, as a RetryableError where it may pass, or
 * the reason of the signal.
 */
export async function openUrl(
  url: string,
  headers: Record<string, string>,
  { signal, silenceMs, authorization, unreachable, astray, refusal }: Requests,
): Promise<HttpAnswer> {
  const isDirect = !honourProxy();
  const silence = new SilenceLimit(silenceMs);
  const stop = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
  const failed = (error: unknown, inBody = false): unknown =>
    signal?.aborted
      ? error
      : new RetryableError(unreachable(reasonOf(error) + (isDirect ? NO_PROXY : ''), error), {
          lost: true,
          inBody,
        });
  const redirects: Headers[] = [];
  let at = new URL(url);
  for (;;) {
    const response = await fetch(at, {
      headers: { ...headers, ...authorization?.(at) },
      redirect: 'manual',
      signal: stop,
    }).catch((error: unknown) => {
      silence.end();
      throw failed(error);
    });
    const location = response.headers.get('Location');
    if (response.status >= 300 && response.status < 400 && location !== null) {
      await response.body?.cancel();
      redirects.push(response.headers);
      const next = URL.parse(location, at.href);
      const wrong = redirectProblem(at, next, redirects.length);
      if (wrong !== null || next === null) {
        silence.end();
        throw astray(wrong ?? 'it redirects nowhere');
      }
      at = next;
      continue;
    }
    const cancel = async (): Promise<void> => {
      silence.end();
      await response.body?.cancel();
    };
    if (!response.ok && response.status !== 416) {
      await cancel();
      throw refusal(response);
    }
    const chunks = () => silence.over(response.body, (error) => failed(error, true));
    return { status: response.status, headers: response.headers, redirects, chunks, cancel };
  }
}

function redirectProblem(from: URL, to: URL | null, count: number): string | null {
  if (to === null || !/^https?:$/.test(to.protocol)) return 'it redirects nowhere';
  if (from.protocol === 'https:' && to.protocol === 'http:')
    return `it redirects to ${to.host} without encryption`;
  return count > MOST_REDIRECTS ? 'it redirects in a circle' : null;
}

/** Ends a request when nothing arrived for so long; the time that the reader takes does not count. */
class SilenceLimit {
  private readonly abort = new AbortController();
  private readonly milliseconds: number;
  private timer: NodeJS.Timeout | undefined;
  readonly signal = this.abort.signal;

  constructor(milliseconds: number) {
    this.milliseconds = milliseconds;
    this.begin();
  }

  private begin(): void {
    this.timer = setTimeout(() => {
      this.abort.abort(new Error(`it sent nothing for ${this.milliseconds / 1000} s`));
    }, this.milliseconds);
  }

  end(): void {
    clearTimeout(this.timer);
  }

  /** The pieces of a body, as long as none lets wait for too long. */
  async *over(
    body: AsyncIterable<Uint8Array> | null,
    failed: (error: unknown) => unknown,
  ): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body ?? []) {
        this.end();
        yield chunk;
        this.begin();
      }
    } catch (error) {
      throw failed(error);
    } finally {
      this.end();
    }
  }
}

/** The text of an answer; null where it is longer than `most` bytes. */
export async function textOf({ chunks }: HttpAnswer, most: number): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks()) {
    size += chunk.byteLength;
    if (size > most) return null;
    parts.push(chunk);
  }
  return Buffer.concat(parts).toString();
}

/** Retry-After is a number of seconds or a date. */
export function retryAfter(headers: Headers): number | null {
  const text = headers.get('Retry-After');
  if (text === null) return null;
  const waitMs = /^\d+$/.test(text.trim()) ? 1000 * Number(text) : Date.parse(text) - Date.now();
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : null;
}

const reasons: Record<string, string> = {
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it stopped answering',
  UND_ERR_SOCKET: 'the connection was cut',
};

/** In words why a request failed; fetch keeps the reason in `cause`. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return 'the connection failed';
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  return reasons[code] ?? cause.message;
}

let honoured: boolean | null = null;

/**
 * Lets `fetch` of this process go through the proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY name. False: one is
 * named, and this Node cannot use it (it can from 24.14 on; an older Electron has an older one).
 */
function honourProxy(): boolean {
  if (honoured !== null) return honoured;
  const isNamed = ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].some(
    (name) => process.env[name],
  );
  const isAble = 'setGlobalProxyFromEnv' in http;
  if (isNamed && isAble) http.setGlobalProxyFromEnv(process.env);
  honoured = !isNamed || isAble;
  return honoured;
}
