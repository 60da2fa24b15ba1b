import { setTimeout as wait } from 'node:timers/promises';
import { fault, type Fault } from '../../../shared/faults/index.ts';
import type { HubEnvironment } from './environment.ts';
import { honourProxy } from './proxy.ts';
import type { Repository } from './repository.ts';

const LARGEST_ANSWER = 64 * 2 ** 20;
const MOST_REDIRECTS = 8;
/** A hub that is busy is waited for so long, so often; beyond it a person is told. */
const LONGEST_WAIT_MS = 20_000;
const MOST_WAITS = 3;

const NO_PROXY = '; this version cannot use the proxy that HTTP_PROXY or HTTPS_PROXY names';

/** What a request failed with, where the next one may succeed. */
export class PassingError extends Error {
  readonly fault: Fault;
  /** How long the hub asks to wait; null: it does not say. */
  readonly waitMs: number | null;

  /** Part of the answer had arrived. */
  readonly inBody: boolean;

  constructor(
    failure: Fault,
    { waitMs = null, inBody = false }: { waitMs?: number | null; inBody?: boolean } = {},
  ) {
    super(failure.message, { cause: failure.cause });
    this.fault = failure;
    this.waitMs = waitMs;
    this.inBody = inBody;
  }
}

/** An answer whose body is read piece by piece, each piece within the limit on silence. */
export interface HubAnswer {
  status: number;
  headers: Headers;
  /** Of each answer on the way here, the first first: the hub's own headers stand in those. */
  redirects: readonly Headers[];
  chunks: () => AsyncGenerator<Uint8Array>;
  /** Instead of reading it. */
  cancel: () => Promise<void>;
}

export interface HubClient {
  environment: HubEnvironment;
  repository: Repository;
  signal: AbortSignal | undefined;
  /**
   * One GET; redirects are followed, the token goes to the hub's own address and nowhere else.
   * Throws `hub/…`, a PassingError, or the reason of the signal.
   */
  open: (url: string, headers?: Record<string, string>) => Promise<HubAnswer>;
  /** `fetch` for small JSON answers. Throws `hub/…`, or the reason of the signal. */
  fetch: typeof fetch;
}

/** Requests to the hub about one repository; `signal` ends them. */
export function hubClient(
  environment: HubEnvironment,
  repository: Repository,
  signal?: AbortSignal,
): HubClient {
  const place = { endpoint: environment.endpoint, kind: repository.kind, id: repository.id };
  const open: HubClient['open'] = async (url, headers = {}) => {
    if (environment.offline) throw fault('hub/asking-forbidden', {});
    const isDirect = !honourProxy();
    const silence = new SilenceLimit(environment.silenceMs);
    const stop = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
    const failed = (error: unknown, inBody = false) =>
      signal?.aborted
        ? error
        : new PassingError(
            fault(
              'hub/unreachable',
              { ...place, reason: reasonOf(error) + (isDirect ? NO_PROXY : '') },
              error,
            ),
            {
              inBody,
            },
          );
    const redirects: Headers[] = [];
    let at = new URL(url);
    for (;;) {
      const response = await fetch(at, {
        headers: { ...headers, ...authorization(at, environment) },
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
          throw fault('hub/answer', { ...place, what: wrong ?? 'it redirects nowhere' });
        }
        at = next;
        continue;
      }
      if (!response.ok && response.status !== 416) {
        silence.end();
        await response.body?.cancel();
        throw refusal(response, environment, repository);
      }
      const cancel = async () => {
        silence.end();
        await response.body?.cancel();
      };
      const chunks = () => silence.over(response.body, (error) => failed(error, true));
      return { status: response.status, headers: response.headers, redirects, chunks, cancel };
    }
  };
  return { environment, repository, signal, open, fetch: smallAnswers(open, place, signal) };
}

function authorization(url: URL, { endpoint, token }: HubEnvironment): Record<string, string> {
  const isHub = url.origin === new URL(endpoint).origin;
  return token !== undefined && isHub ? { Authorization: `Bearer ${token}` } : {};
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
    const reason = new Error(`it sent nothing for ${this.milliseconds / 1000} s`);
    this.timer = setTimeout(() => this.abort.abort(reason), this.milliseconds);
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

function smallAnswers(
  open: HubClient['open'],
  place: { endpoint: string; kind: Repository['kind']; id: string },
  signal: AbortSignal | undefined,
): typeof fetch {
  return async (input) => {
    const url = input instanceof Request ? input.url : input.toString();
    for (let waits = 0; ; waits++) {
      try {
        const { headers, chunks } = await open(url, { Accept: 'application/json' });
        const parts: Uint8Array[] = [];
        let size = 0;
        for await (const chunk of chunks()) {
          size += chunk.byteLength;
          if (size > LARGEST_ANSWER) throw fault('hub/answer', { ...place, what: 'it does not end' });
          parts.push(chunk);
        }
        const text = Buffer.concat(parts).toString();
        if (/^\s*</.test(text)) {
          throw fault('hub/answer', {
            ...place,
            what: 'it is a web page instead of data, as a login page is',
          });
        }
        return new Response(text, { headers: link(headers) });
      } catch (error) {
        if (!(error instanceof PassingError)) throw error;
        const { waitMs } = error;
        if (waitMs === null || waitMs > LONGEST_WAIT_MS || waits === MOST_WAITS) throw error.fault;
        await wait(waitMs, undefined, { signal });
      }
    }
  };
}

/** The one header of an answer that the library looks at: where the rest of a list is. */
function link(headers: Headers): Record<string, string> {
  const value = headers.get('Link');
  return value === null ? {} : { Link: value };
}

function refusal(
  { status, headers }: Response,
  { endpoint, token }: HubEnvironment,
  { kind, id, revision }: Repository,
): Error {
  const place = { endpoint, kind, id };
  const hasToken = token !== undefined;
  // The hub answers 401 for a name that does not exist, so as not to tell what is private.
  const code = headers.get('X-Error-Code');
  if (code === 'RevisionNotFound') return fault('hub/no-revision', { ...place, revision });
  if (code === 'GatedRepo') return fault('hub/gated', { ...place, hasToken });
  if (status === 404 || (code === 'RepoNotFound' && !hasToken)) return fault('hub/not-found', place);
  if (status === 401 || status === 403) return fault('hub/no-access', { ...place, status, hasToken });
  if (status === 429) {
    const waitMs = retryAfter(headers);
    return new PassingError(fault('hub/busy', { ...place, seconds: waitMs && waitMs / 1000 }), { waitMs });
  }
  const failure = fault('hub/answer', { ...place, what: `status ${status}` });
  return status >= 500 ? new PassingError(failure) : failure;
}

/** Retry-After is a number of seconds or a date. */
function retryAfter(headers: Headers): number | null {
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
