import { fault, type Fault } from '../../../shared/faults/index.ts';
import type { HubEnvironment } from './environment.ts';

/**
 * `fetch` for the hub: gives the token to the hub's own address and nowhere else, stops with `signal`, and
 * turns refusals and a broken connection into faults about `model`.
 * Throws `hub/not-found`, `hub/no-access`, `hub/answer`, `hub/unreachable`, or the reason of the signal.
 */
export function hubFetch(
  { endpoint, token }: HubEnvironment,
  model: string,
  signal: AbortSignal | undefined,
): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    const url = new URL(input instanceof Request ? input.url : input);
    if (token !== undefined && url.origin === new URL(endpoint).origin) {
      headers.set('Authorization', `Bearer ${token}`);
    }
    const response = await fetch(url, { ...init, headers, signal: signal ?? null }).catch(
      (error: unknown) => {
        throw signal?.aborted
          ? error
          : fault('hub/unreachable', { endpoint, model, reason: reasonOf(error) }, error);
      },
    );
    if (!response.ok) {
      await response.body?.cancel();
      throw refusal(response, endpoint, model);
    }
    return response;
  };
}

function refusal({ status, headers }: Response, endpoint: string, model: string): Fault {
  // The hub answers 401 for a name that does not exist, so as not to tell what is private.
  const code = headers.get('X-Error-Code');
  if (status === 404 || code === 'RepoNotFound') return fault('hub/not-found', { endpoint, model });
  if (status === 401 || status === 403) return fault('hub/no-access', { endpoint, model, status });
  const what = status === 429 ? 'it has had too many requests (status 429)' : `status ${status}`;
  return fault('hub/answer', { endpoint, model, what });
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
