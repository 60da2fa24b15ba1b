import { setTimeout as wait } from 'node:timers/promises';
import { fault } from '../../../shared/faults/index.ts';
import type { HubEnvironment } from './environment.ts';
import type { Download } from './download.ts';
import { openUrl, RetryableError, retryAfter, textOf, type HttpAnswer } from './http.ts';
import type { Repository } from './repository.ts';

const LARGEST_ANSWER = 64 * 2 ** 20;
/** A hub that is busy is waited for so long, so often; beyond it a person is told. */
const LONGEST_WAIT_MS = 20_000;
const MOST_WAITS = 3;

export interface HubClient {
  environment: HubEnvironment;
  repository: Repository;
  signal: AbortSignal | undefined;
  /**
   * One GET; redirects are followed, the token goes to the hub's own address and nowhere else.
   * Throws `hub/…`, a RetryableError, or the reason of the signal.
   */
  open: (url: string, headers?: Record<string, string>) => Promise<HttpAnswer>;
  /** `fetch` for small JSON answers. Throws `hub/…`, or the reason of the signal. */
  fetch: typeof fetch;
}

/** Requests to the hub about one repository; `signal` ends them. */
export function hubClient(
  environment: HubEnvironment,
  repository: Repository,
  signal?: AbortSignal,
): HubClient {
  const { endpoint, token, silenceMs } = environment;
  const { kind, id } = repository;
  const asked = { endpoint, kind, id };
  const unusable = (what: string) => fault('hub/answer', { ...asked, what });
  const open: HubClient['open'] = async (url, headers = {}) => {
    if (environment.offline) throw fault('hub/asking-forbidden', {});
    return openUrl(url, headers, {
      signal,
      silenceMs,
      authorization: (at): Record<string, string> =>
        token !== undefined && at.origin === new URL(endpoint).origin
          ? { Authorization: `Bearer ${token}` }
          : {},
      unreachable: (reason, cause) => fault('hub/unreachable', { ...asked, reason }, cause),
      astray: unusable,
      refusal: (response) => refusal(response, environment, repository),
    });
  };
  const small: typeof fetch = async (input) => {
    const url = input instanceof Request ? input.url : input.toString();
    for (let waits = 0; ; waits++) {
      try {
        const answer = await open(url, { Accept: 'application/json' });
        const text = await textOf(answer, LARGEST_ANSWER);
        if (text === null) throw unusable('it does not end');
        if (/^\s*</.test(text)) throw unusable('it is a web page instead of data, as a login page is');
        // The one header that the library looks at: where the rest of a list is.
        const rest = answer.headers.get('Link');
        return new Response(text, rest === null ? {} : { headers: { Link: rest } });
      } catch (error) {
        if (!(error instanceof RetryableError)) throw error;
        const { waitMs } = error;
        if (waitMs === null || waitMs > LONGEST_WAIT_MS || waits === MOST_WAITS) throw error.fault;
        await wait(waitMs, undefined, { signal });
      }
    }
  };
  return { environment, repository, signal, open, fetch: small };
}

/** A file of a hub: what it must be to count as arrived. */
export interface HubFile {
  name: string;
  size: number;
  /** SHA-256 of the contents for large files (LFS), git's SHA-1 for the others. */
  etag: string;
}

/** A file of the hub as a download. */
export function hubDownload(
  { repository: { id }, signal, open }: HubClient,
  url: string,
  { name: file, size, etag: hash }: HubFile,
): Download {
  return {
    ...{ url, size, hash, signal, open, server: 'the hub' },
    cut: (arrived, reason) => fault('hub/cut', { id, file, arrived, size, reason }),
    damaged: (reason) => fault('hub/damaged', { id, file, reason }),
    diskFull: (arrived, cause) => fault('hub/disk-full', { id, file, arrived, size }, cause),
  };
}

function refusal(
  { status, headers }: Response,
  { endpoint, token }: HubEnvironment,
  { kind, id, revision }: Repository,
): Error {
  const asked = { endpoint, kind, id };
  const hasToken = token !== undefined;
  // The hub answers 401 for a name that does not exist, so as not to tell what is private.
  const code = headers.get('X-Error-Code');
  if (code === 'RevisionNotFound') return fault('hub/no-revision', { ...asked, revision });
  if (code === 'GatedRepo') return fault('hub/gated', { ...asked, hasToken });
  if (status === 404 || (code === 'RepoNotFound' && !hasToken)) return fault('hub/not-found', asked);
  if (status === 401 || status === 403) return fault('hub/no-access', { ...asked, status, hasToken });
  if (status === 429) {
    const waitMs = retryAfter(headers);
    return new RetryableError(fault('hub/busy', { ...asked, seconds: waitMs && waitMs / 1000 }), { waitMs });
  }
  const failure = fault('hub/answer', { ...asked, what: `status ${status}` });
  return status >= 500 ? new RetryableError(failure) : failure;
}
