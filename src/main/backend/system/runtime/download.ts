import { mkdir, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Fault, fault } from '../../../../shared/faults/index.ts';
import { writeFault } from '../../../engine/formats/file-faults.ts';
import { hashFile } from '../../../engine/hub/hash-file.ts';
import { reasonOf } from '../../../engine/hub/hub-fetch.ts';
import { withPartLock } from '../../../engine/hub/part-lock.ts';
import { honourProxy } from '../../../engine/hub/proxy.ts';

export interface DownloadControl {
  signal: AbortSignal;
  onBytes: (done: number, total: number) => void;
  /** Milliseconds before each further try. */
  retryWaits?: readonly number[];
}

const RETRY_WAITS = [1000, 3000, 10_000, 30_000];
/** A server that sends nothing for so long is given up. */
const SILENCE_MS = 30_000;
/** Of the text that says the hash. */
const MOST_HASH_TEXT = 10_000;

/**
 * Fetches an archive into `dir` and checks it against the SHA-256 that its address with `.sha256` says; what arrived
 * is kept, and the next call goes on from it. Returns the file. Throws `runtime/no-hash`, `runtime/download`,
 * `runtime/hash`, `files/…`, or the signal's reason.
 */
export async function downloadArchive(url: string, dir: string, control: DownloadControl): Promise<string> {
  honourProxy();
  const sha256 = await publishedHash(url, control.signal);
  await mkdir(dir, { recursive: true });
  // Named by its content: another archive of the same address does not go on from these bytes.
  const part = path.join(dir, `${sha256}.part`);
  return withPartLock(part, control.signal, async () => {
    await fetchWhole(url, part, control);
    const found = await hashFile(part, 'sha256', { signal: control.signal });
    if (found === sha256) return part;
    await rm(part, { force: true });
    throw fault('runtime/hash', { file: url, expected: sha256, found });
  });
}

async function fetchWhole(url: string, part: string, control: DownloadControl): Promise<void> {
  const waits = control.retryWaits ?? RETRY_WAITS;
  for (let tried = 0; ;) {
    const before = await sizeOf(part);
    try {
      await fetchRest(url, part, before, control);
      return;
    } catch (error) {
      control.signal.throwIfAborted();
      if (error instanceof Fault) throw error;
      // Whoever gets on is not giving up.
      if ((await sizeOf(part)) > before) tried = 0;
      const pause = waits[tried++];
      if (pause === undefined) throw fault('runtime/download', { url, reason: reasonOf(error) }, error);
      await wait(pause, undefined, { signal: control.signal });
    }
  }
}

/** `<hash>  <name>`, as sha256sum writes it. */
export function hashIn(text: string): string | null {
  return /^([0-9a-f]{64})\b/i.exec(text.trim())?.[1]?.toLowerCase() ?? null;
}

async function publishedHash(url: string, signal: AbortSignal): Promise<string> {
  const address = new URL(url);
  address.pathname += '.sha256';
  try {
    const response = await fetch(address, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(SILENCE_MS)]),
    });
    if (mayPass(response.status)) throw await refusal(response);
    const text = response.ok ? (await response.text()).slice(0, MOST_HASH_TEXT) : '';
    const hash = hashIn(text);
    if (hash !== null) return hash;
    if (!response.ok) await response.body?.cancel();
  } catch (error) {
    signal.throwIfAborted();
    throw fault('runtime/download', { url, reason: reasonOf(error) }, error);
  }
  throw fault('runtime/no-hash', { url: address.href });
}

async function fetchRest(url: string, part: string, start: number, control: DownloadControl): Promise<void> {
  const silence = new AbortController();
  const signal = AbortSignal.any([control.signal, silence.signal]);
  const timer = setTimeout(() => silence.abort(new Error('the server is silent')), SILENCE_MS);
  try {
    // Compressed on the way, its ranges would be those of something else.
    const headers = { 'accept-encoding': 'identity', ...(start > 0 && { range: `bytes=${start}-` }) };
    const response = await fetch(url, { signal, headers });
    if (!response.ok || !response.body) {
      const refused = await refusal(response);
      if (response.status === 416) return;
      if (mayPass(response.status)) throw refused;
      throw fault('runtime/download', { url, reason: refused.message });
    }
    // A server that knows no ranges sends everything again.
    const goesOn = response.status === 206;
    let done = goesOn ? start : 0;
    const total = done + Number(response.headers.get('content-length') ?? 0);
    const handle = await open(part, goesOn ? 'a' : 'w').catch((error: unknown) => {
      throw writeFault(part, error);
    });
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        timer.refresh();
        await handle.write(chunk).catch((error: unknown) => {
          throw writeFault(part, error);
        });
        done += chunk.length;
        control.onBytes(done, Math.max(total, done));
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
  } finally {
    clearTimeout(timer);
  }
}

/** A busy server, or one in trouble. */
const mayPass = (status: number): boolean => status === 429 || status >= 500;

async function refusal({ status, body }: Response): Promise<Error> {
  await body?.cancel();
  return new Error(`the server answers ${status}`);
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => size,
    () => 0,
  );
