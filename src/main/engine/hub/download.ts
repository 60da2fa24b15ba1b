import { constants } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Fault } from '../../../shared/faults/index.ts';
import { codeOf, writeFault } from '../formats/file-faults.ts';
import { isPidLockHeld, takePidLock } from '../formats/pid-lock.ts';
import { isFile, makeFolder } from './cache.ts';
import { hashFile } from './hash-file.ts';
import { reasonOf, RetryableError, type HttpAnswer } from './http.ts';

/** A file that is fetched, what it must be to count as arrived, and what is said where it does not arrive. */
export interface Download {
  url: string;
  /** Bytes; null: as many as the server sends. */
  size: number | null;
  /** SHA-256, or the name that git gives its contents (SHA-1). */
  hash: string;
  signal: AbortSignal | undefined;
  /** What sends it, in words. */
  server: 'the hub' | 'the server';
  open: (url: string, headers: Record<string, string>) => Promise<HttpAnswer>;
  cut: (arrived: number, reason: string) => Fault;
  damaged: (reason: string, found: string) => Fault;
  diskFull?: (arrived: number, cause: unknown) => Fault;
}

export interface FetchOptions {
  /** Bytes of the file that are there, of so many; 0: not known. */
  onBytes?: ((done: number, total: number) => void) | undefined;
  /** Called when all is there, before it is checked. */
  onCheck?: (() => void) | undefined;
  /** Milliseconds before each attempt that follows one without any progress. */
  retryWaits?: readonly number[] | undefined;
}

const RETRY_WAITS = [0, 1000, 2000, 4000, 8000, 16_000];
const MOST_WAITS = 6;
/** A server that asks for a longer rest is left to the person. */
const LONGEST_WAIT_MS = 120_000;
const LOOK_AGAIN_MS = 200;

/** What arrived is not the file. */
class DamagedError extends Error {
  readonly fault: Fault;

  constructor(failure: Fault) {
    super(failure.message);
    this.fault = failure;
  }
}

/** What is there of a file that is being fetched; huggingface_hub before 1.0 used the same name. */
const partOf = (target: string): string => `${target}.incomplete`;
/** The ETag that the server gave when the part began: the rest must be of the same file. */
const etagOf = (target: string): string => `${target}.incomplete.etag`;
const lockOf = (target: string): string => `${partOf(target)}.lock`;

/** Deletes what was left of a file that is not wanted any more, unless another Graft is fetching it. */
export async function discardPart(target: string): Promise<void> {
  if (!(await isPidLockHeld(lockOf(target)))) await removePart(target);
}

async function removePart(target: string): Promise<void> {
  await rm(partOf(target), { force: true });
  await rm(etagOf(target), { force: true });
}

/** Bytes that are there of a file that is being fetched. */
export const sizeOfPart = async (target: string): Promise<number> =>
  (await stat(partOf(target)).catch(() => null))?.size ?? 0;

/**
 * Fetches a file to `target`: a cut connection is taken up again where it ended, by this call or a later one, and the
 * whole is checked on disk before it gets its name. Where another Graft fetches it, waits for that one. Throws the
 * download's faults, what its `open` throws, `files/…` or the reason of its signal; what arrived is kept unless it is
 * wrong.
 */
export async function fetchFile(
  download: Download,
  target: string,
  options: FetchOptions = {},
): Promise<void> {
  await makeFolder(dirname(target));
  for (;;) {
    // A lock that a killed process left is taken over.
    const { release } = await takePidLock(lockOf(target));
    if (!release) {
      await wait(LOOK_AGAIN_MS, undefined, { signal: download.signal });
      continue;
    }
    try {
      if (!(await isFile(target))) await fetchLocked(download, target, options);
      return;
    } finally {
      await release();
    }
  }
}

async function fetchLocked(download: Download, target: string, options: FetchOptions): Promise<void> {
  const { signal } = download;
  const waits = options.retryWaits ?? RETRY_WAITS;
  let most = await sizeOfPart(target);
  let isFresh = most === 0;
  let idle = 0;
  for (;;) {
    try {
      await fetchRest(download, target, options);
      options.onCheck?.();
      await keepIfRight(download, target);
      return;
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof DamagedError) {
        await removePart(target);
        if (isFresh) throw error.fault;
        // The part from an earlier call may have been wrong from its beginning.
        isFresh = true;
        most = 0;
        continue;
      }
      if (!(error instanceof RetryableError)) throw error;
      const arrived = await sizeOfPart(target);
      if (arrived > most) idle = 0;
      most = Math.max(most, arrived);
      const pause = error.waitMs ?? waits[idle];
      if (idle++ > MOST_WAITS || pause === undefined || pause > LONGEST_WAIT_MS) {
        // Where something had arrived before the connection failed, that is what to say.
        const isCut = error.lost && (arrived > 0 || error.inBody);
        throw isCut ? download.cut(arrived, reasonOf(error.fault.cause)) : error.fault;
      }
      await wait(pause, undefined, { signal });
    }
  }
}

/** One request for what is missing. */
async function fetchRest(download: Download, target: string, { onBytes }: FetchOptions): Promise<void> {
  const { url, size } = download;
  let have = await sizeOfPart(target);
  if (size !== null && have > size) {
    await removePart(target);
    have = 0;
  }
  onBytes?.(have, size ?? 0);
  if (have === size && have > 0) return;
  const etag = await readFile(etagOf(target), 'utf8').catch(() => null);
  const headers = have === 0 ? {} : { Range: `bytes=${have}-`, ...(etag !== null && { 'If-Range': etag }) };
  // Compressed on the way, its ranges would be those of something else.
  const answer = await download.open(url, { 'Accept-Encoding': 'identity', ...headers });
  const start = startOf(answer, have, etag, size);
  if (start === null) {
    await answer.cancel();
    // All is there, as far as the server knows; the hash says it.
    if (size === null && answer.status === 416) return;
    await removePart(target);
    throw new RetryableError(download.cut(0, `${download.server} cannot go on in the middle of it`));
  }
  const refused = announcedProblem(answer, download, start);
  if (refused !== null) {
    await answer.cancel();
    throw new DamagedError(download.damaged(refused, ''));
  }
  const length = answer.headers.get('Content-Length');
  const total = size ?? (length === null ? 0 : start + Number(length));
  const arrived = await writeFrom(answer, download, target, start, (done) => onBytes?.(done, total));
  if (arrived < total) throw new RetryableError(download.cut(arrived, 'the connection was cut'));
}

/** Where the answer's bytes begin: at the end of the part, at 0, or (null) somewhere that is of no use. */
function startOf(
  { status, headers }: HttpAnswer,
  have: number,
  etag: string | null,
  size: number | null,
): number | null {
  if (status !== 206) return status === 416 ? null : 0;
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('Content-Range') ?? '');
  const isSame = etag === null || headers.get('ETag') === null || headers.get('ETag') === etag;
  const isSameSize = size === null || range?.[3] === '*' || Number(range?.[3]) === size;
  return isSame && isSameSize && Number(range?.[1]) === have ? have : null;
}

/** Why it is no use to read on: the answer's headers say already that it is another file. */
function announcedProblem(
  { headers, redirects }: HttpAnswer,
  { hash, size, server }: Download,
  start: number,
): string | null {
  for (const hop of [...redirects, headers]) {
    const linked = hop.get('X-Linked-Etag')?.replaceAll('"', '');
    if (linked !== undefined && linked.length === 64 && hash.length === 64 && linked !== hash) {
      return `${server} announces another hash than on its list`;
    }
  }
  const length = headers.get('Content-Length');
  if (size === null || length === null || headers.get('Content-Encoding') !== null) return null;
  const total = start + Number(length);
  if (total < size) return `it has ${total} of the ${size} bytes that ${server} announced`;
  return total > size ? tooLong(size, server) : null;
}

const tooLong = (size: number, server: string): string =>
  `it is longer than the ${size} bytes that ${server} announced`;

/** Writes the answer's bytes where they belong; returns how many are there then. */
async function writeFrom(
  answer: HttpAnswer,
  { size, server, damaged, diskFull }: Download,
  target: string,
  start: number,
  onBytes: (done: number) => void,
): Promise<number> {
  let at = start;
  let handle: FileHandle | undefined;
  try {
    handle = await open(partOf(target), constants.O_RDWR | constants.O_CREAT);
    if (start === 0) {
      await handle.truncate(0);
      const etag = answer.headers.get('ETag');
      await rm(etagOf(target), { force: true });
      // If-Range takes no weak ETag.
      if (etag !== null && !etag.startsWith('W/')) await writeFile(etagOf(target), etag);
    }
    for await (const chunk of answer.chunks()) {
      if (size !== null && at + chunk.byteLength > size)
        throw new DamagedError(damaged(tooLong(size, server), ''));
      await handle.writev([chunk], at);
      onBytes((at += chunk.byteLength));
    }
    await handle.sync();
    return at;
  } catch (error) {
    if (diskFull && /^(ENOSPC|EDQUOT)$/.test(codeOf(error))) throw diskFull(at, error);
    throw writeFault(partOf(target), error);
  } finally {
    await handle?.close();
  }
}

/** Gives the part its name if its hash is right. */
async function keepIfRight({ hash, signal, server, damaged }: Download, target: string): Promise<void> {
  const found = await hashFile(partOf(target), hash.length === 64 ? 'sha256' : 'git', { signal });
  if (found !== hash) throw new DamagedError(damaged(`its hash is not the one on ${server}'s list`, found));
  await rename(partOf(target), target).catch((error: unknown) => {
    throw writeFault(target, error);
  });
  await removePart(target);
}
