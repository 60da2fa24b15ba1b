import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { readFault } from '../formats/file-faults.ts';
import { runTask, taskModule, type Tell } from '../threads/threads.ts';

/** `git`: the name that git gives a file, SHA-1 of "blob", its size and its contents. */
export type HashKind = 'sha256' | 'git';

interface HashTask {
  file: string;
  kind: HashKind;
}

/** A thread takes longer to start than so much takes to hash. */
const INLINE_BYTES = 4 * 2 ** 20;
const READ_BYTES = 2 ** 20;

const TELL_BYTES = 32 * 2 ** 20;

interface HashOptions {
  signal?: AbortSignal | undefined;
  /** Bytes read so far. */
  onBytes?: ((done: number) => void) | undefined;
}

/**
 * The hash of a file in hexadecimal digits; a large one is read in a thread of its own. Throws `files/…`, or the
 * reason of the signal.
 */
export async function hashFile(file: string, kind: HashKind, options: HashOptions = {}): Promise<string> {
  const { signal, onBytes } = options;
  signal?.throwIfAborted();
  try {
    if ((await stat(file)).size <= INLINE_BYTES) return await digest({ file, kind });
  } catch (error) {
    throw readFault(file, error);
  }
  const onProgress = onBytes && (({ done }: { done: number }) => onBytes(done));
  return runTask(hashing, 'hash', { file, kind }, { signal, onProgress });
}

/** @public Loaded by the thread. */
export const tasks = {
  hash: () => (task: HashTask, tell: Tell) => {
    let told = 0;
    const onBytes = (done: number) => {
      if (done - told < TELL_BYTES) return;
      tell('', (told = done), 0, 'bytes');
    };
    return digest(task, onBytes).catch((error: unknown) => {
      throw readFault(task.file, error);
    });
  },
};
const hashing = taskModule<typeof tasks>(import.meta.url);

/** Reads a file to its end. `onBytes` is called for each piece. Throws the file system's errors. */
export async function digest({ file, kind }: HashTask, onBytes?: (done: number) => void): Promise<string> {
  let hash: Hash;
  if (kind === 'git') hash = createHash('sha1').update(`blob ${(await stat(file)).size}\0`);
  else hash = createHash('sha256');
  let done = 0;
  const pieces: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: READ_BYTES });
  for await (const piece of pieces) {
    hash.update(piece);
    onBytes?.((done += piece.byteLength));
  }
  return hash.digest('hex');
}
