import { constants } from 'node:fs';
import { open, readFile, rename, rm, stat, writeFile, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { writeFault } from '../formats/file-faults.ts';
import { isFile, makeFolder } from './cache.ts';
import { hashFile } from './hash-file.ts';
import { isHeld, withPartLock } from './part-lock.ts';
import { PassingError, reasonOf, type HubAnswer, type HubClient } from './hub-fetch.ts';

/** A file of a hub: what it must be to count as arrived. */
export interface HubFile {
  name: string;
  size: number;
  /** SHA-256 of the contents for large files (LFS), git's SHA-1 for the others. */
  etag: string;
}

export interface FetchOptions {
  /** Bytes of the file that are there. */
  onBytes?: ((done: number) => void) | undefined;
  /** Called when all is there, before it is checked. */
  onCheck?: (() => void) | undefined;
  /** Milliseconds before each attempt that follows one without any progress. */
  retryWaits?: readonly number[] | undefined;
}

const RETRY_WAITS = [0, 1000, 2000, 4000, 8000, 16_000];
const MOST_WAITS = 6;
/** A hub that asks for a longer rest is left to the person. */
const LONGEST_WAIT_MS = 120_000;

/** What is there of a file that is being fetched; huggingface_hub before 1.0 used the same name. */
const partOf = (target: string): string => `${target}.incomplete`;
/** The ETag that the server gave when the part began: the rest must be of the same file. */
const etagOf = (target: string): string => `${target}.incomplete.etag`;

/** Deletes what was left of a file that is not wanted any more, unless another Graft is fetching it. */
export async function discardPart(target: string): Promise<void> {
  if (!(await isHeld(partOf(target)))) await removePart(target);
}

async function removePart(target: string): Promise<void> {
  await rm(partOf(target), { force: true });
  await rm(etagOf(target), { force: true });
}

/**
 * Fetches a file to `target`: a cut connection is taken up again where it ended, by this call or a later one, and the
 * whole is checked on disk before it gets its name. Throws `hub/…`, `files/…` or the reason of the client's signal;
 * what arrived is kept unless it is wrong.
 */
export async function fetchFile(
  client: HubClient,
  url: string,
  file: HubFile,
  target: string,
  options: FetchOptions = {},
): Promise<void> {
  await makeFolder(dirname(target));
  await withPartLock(partOf(target), client.signal, async () => {
    if (await isFile(target)) return;
    await fetchLocked(client, url, file, target, options);
  });
}

async function fetchLocked(
  client: HubClient,
  url: string,
  file: HubFile,
  target: string,
  options: FetchOptions,
): Promise<void> {
  const waits = options.retryWaits ?? RETRY_WAITS;
  let most = await sizeOf(partOf(target));
  let isFresh = most === 0;
  let idle = 0;
  for (;;) {
    try {
      await fetchRest(client, url, file, target, options);
      options.onCheck?.();
      await keepIfRight(client, file, target);
      return;
    } catch (error) {
      client.signal?.throwIfAborted();
      if (error instanceof Fault && error.code === 'hub/damaged') {
        await removePart(target);
        if (isFresh) throw error;
        // The part from an earlier call may have been wrong from its beginning.
        isFresh = true;
        most = 0;
        continue;
      }
      if (!(error instanceof PassingError)) throw error;
      const arrived = await sizeOf(partOf(target));
      if (arrived > most) idle = 0;
      most = Math.max(most, arrived);
      const pause = error.waitMs ?? waits[idle];
      if (idle++ > MOST_WAITS || pause === undefined || pause > LONGEST_WAIT_MS) {
        throw lastFault(client, file, arrived, error);
      }
      await wait(pause, undefined, { signal: client.signal });
    }
  }
}

/** Where something had arrived before the connection failed, that is what to say. */
function lastFault(client: HubClient, file: HubFile, arrived: number, error: PassingError): Fault {
  const { fault: last, inBody } = error;
  const isCut = (arrived > 0 || inBody) && last.code === 'hub/unreachable';
  return isCut ? cut(client, file, arrived, reasonOf(last.cause)) : last;
}

/** One request for what is missing. */
async function fetchRest(
  client: HubClient,
  url: string,
  file: HubFile,
  target: string,
  { onBytes }: FetchOptions,
): Promise<void> {
  let have = await sizeOf(partOf(target));
  if (have > file.size) {
    await removePart(target);
    have = 0;
  }
  onBytes?.(have);
  if (have === file.size && have > 0) return;
  const etag = await readFile(etagOf(target), 'utf8').catch(() => null);
  const headers = have === 0 ? {} : { Range: `bytes=${have}-`, ...(etag !== null && { 'If-Range': etag }) };
  // Compressed on the way, its ranges would be those of something else.
  const answer = await client.open(url, { 'Accept-Encoding': 'identity', ...headers });
  const start = startOf(answer, have, etag, file.size);
  if (start === null) {
    await answer.cancel();
    await removePart(target);
    throw new PassingError(cut(client, file, 0, 'the hub cannot go on in the middle of it'));
  }
  const refused = announcedProblem(answer, file, start);
  if (refused !== null) {
    await answer.cancel();
    throw damaged(client, file, refused);
  }
  const arrived = await writeFrom(answer, client, file, target, start, onBytes);
  if (arrived < file.size) throw new PassingError(cut(client, file, arrived, 'the connection was cut'));
}

/** Where the answer's bytes begin: at the end of the part, at 0, or (null) somewhere that is of no use. */
function startOf(
  { status, headers }: HubAnswer,
  have: number,
  etag: string | null,
  size: number,
): number | null {
  if (status !== 206) return status === 416 ? null : 0;
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('Content-Range') ?? '');
  const isSame = etag === null || headers.get('ETag') === null || headers.get('ETag') === etag;
  const total = range?.[3] === '*' ? size : Number(range?.[3]);
  return isSame && Number(range?.[1]) === have && total === size ? have : null;
}

/** Why it is no use to read on: the answer's headers say already that it is another file. */
function announcedProblem(
  { headers, redirects }: HubAnswer,
  { etag, size }: HubFile,
  start: number,
): string | null {
  for (const hop of [...redirects, headers]) {
    const linked = hop.get('X-Linked-Etag')?.replaceAll('"', '');
    if (linked !== undefined && linked.length === 64 && etag.length === 64 && linked !== etag) {
      return 'the hub announces another hash than on its list';
    }
  }
  const length = headers.get('Content-Length');
  if (length === null || headers.get('Content-Encoding') !== null) return null;
  const total = start + Number(length);
  if (total < size) return `it has ${total} of the ${size} bytes that the hub announced`;
  return total > size ? `it is longer than the ${size} bytes that the hub announced` : null;
}

/** Writes the answer's bytes where they belong; returns how many are there then. */
async function writeFrom(
  answer: HubAnswer,
  client: HubClient,
  file: HubFile,
  target: string,
  start: number,
  onBytes: FetchOptions['onBytes'],
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
      if (at + chunk.byteLength > file.size) {
        throw damaged(client, file, `it is longer than the ${file.size} bytes that the hub announced`);
      }
      await handle.writev([chunk], at);
      onBytes?.((at += chunk.byteLength));
    }
    await handle.sync();
    return at;
  } catch (error) {
    if (isFull(error)) {
      const { name, size } = file;
      throw fault('hub/disk-full', { file: name, id: client.repository.id, arrived: at, size }, error);
    }
    if (error instanceof PassingError) throw error;
    throw writeFault(partOf(target), error);
  } finally {
    await handle?.close();
  }
}

/** Gives the part its name if its hash is right, else deletes it. */
async function keepIfRight(client: HubClient, file: HubFile, target: string): Promise<void> {
  const kind = file.etag.length === 64 ? 'sha256' : 'git';
  const hash = await hashFile(partOf(target), kind, { signal: client.signal });
  if (hash !== file.etag) throw damaged(client, file, "its hash is not the one on the hub's list");
  await rename(partOf(target), target).catch((error: unknown) => {
    throw writeFault(target, error);
  });
  await removePart(target);
}

const damaged = ({ repository }: HubClient, { name }: HubFile, reason: string): Fault =>
  fault('hub/damaged', { id: repository.id, file: name, reason });

const cut = ({ repository }: HubClient, { name, size }: HubFile, arrived: number, reason: string): Fault =>
  fault('hub/cut', { id: repository.id, file: name, arrived, size, reason });

/** Bytes that are there of a file that is being fetched. */
export const sizeOfPart = (target: string): Promise<number> => sizeOf(partOf(target));

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0;
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
}
