import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { readFault } from '../formats/file-faults.ts';

/** `git`: the name that git gives a file, SHA-1 of "blob", its size and its contents. */
export type HashKind = 'sha256' | 'git';

export interface HashTask {
  file: string;
  kind: HashKind;
}

/** What the system answered to the thread. */
class ReadError extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** A thread takes longer to start than so much takes to hash. */
const INLINE_BYTES = 4 * 2 ** 20;
const READ_BYTES = 2 ** 20;

const replySchema = z.union([
  z.object({ done: z.number() }),
  z.object({ hash: z.string() }),
  z.object({ code: z.string() }),
]);

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
  const worker = new Worker(new URL(`./hash-worker${extname(import.meta.url)}`, import.meta.url), {
    workerData: { file, kind } satisfies HashTask,
  });
  try {
    return await new Promise<string>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      worker.on('error', reject);
      worker.on('message', (message) => {
        const reply = replySchema.parse(message);
        if ('done' in reply) onBytes?.(reply.done);
        else if ('hash' in reply) resolve(reply.hash);
        else reject(new ReadError(reply.code));
      });
    });
  } catch (error) {
    throw readFault(file, error);
  } finally {
    await worker.terminate();
  }
}

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
