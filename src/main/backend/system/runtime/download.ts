import path from 'node:path';
import { fault } from '../../../../shared/faults/index.ts';
import { fetchFile, type FetchOptions } from '../../../engine/hub/download.ts';
import { openUrl, RetryableError, textOf, type Requests } from '../../../engine/hub/http.ts';

export interface DownloadControl extends Pick<FetchOptions, 'onBytes' | 'retryWaits'> {
  signal: AbortSignal;
}

/** A server that sends nothing for so long is given up. */
const SILENCE_MS = 30_000;
/** Of the text that says the hash. */
const MOST_HASH_TEXT = 10_000;

/**
 * Fetches an archive into `dir` and checks it against the SHA-256 that its address with `.sha256` says; what arrived
 * is kept, and the next call goes on from it. Returns the file. Throws `runtime/no-hash`, `runtime/download`,
 * `runtime/hash`, `files/…`, or the signal's reason.
 */
export async function downloadArchive(
  url: string,
  dir: string,
  { signal, onBytes, retryWaits }: DownloadControl,
): Promise<string> {
  const failed = (reason: string, cause?: unknown) => fault('runtime/download', { url, reason }, cause);
  const requests: Requests = {
    signal,
    silenceMs: SILENCE_MS,
    unreachable: failed,
    astray: failed,
    refusal: ({ status }) => {
      const failure = failed(`the server answers ${status}`);
      // A busy server, or one in trouble.
      return status === 429 || status >= 500 ? new RetryableError(failure) : failure;
    },
  };
  const hash = await publishedHash(url, requests);
  // Named by its content: another archive of the same address does not go on from these bytes.
  const target = path.join(dir, `${hash}.zip`);
  await fetchFile(
    {
      ...{ url, size: null, hash, signal, server: 'the server' },
      open: (address, headers) => openUrl(address, headers, requests),
      cut: (_, reason) => failed(reason),
      damaged: (_, found) => fault('runtime/hash', { file: url, expected: hash, found }),
    },
    target,
    { onBytes, retryWaits },
  );
  return target;
}

/** `<hash>  <name>`, as sha256sum writes it. */
export function hashIn(text: string): string | null {
  return /^([0-9a-f]{64})\b/i.exec(text.trim())?.[1]?.toLowerCase() ?? null;
}

async function publishedHash(url: string, requests: Requests): Promise<string> {
  const address = new URL(url);
  address.pathname += '.sha256';
  const none = fault('runtime/no-hash', { url: address.href });
  try {
    const answer = await openUrl(
      address.href,
      {},
      {
        ...requests,
        refusal: (response) => {
          const refused = requests.refusal(response);
          return refused instanceof RetryableError ? refused : none;
        },
      },
    );
    const hash = hashIn((await textOf(answer, MOST_HASH_TEXT)) ?? '');
    if (hash !== null) return hash;
  } catch (error) {
    throw error instanceof RetryableError ? error.fault : error;
  }
  throw none;
}
