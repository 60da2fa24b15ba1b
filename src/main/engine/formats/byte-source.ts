import { open, stat } from 'node:fs/promises';
import { fault } from '../../../shared/faults/index.ts';
import { readFault } from './file-faults.ts';

/** A file that stays open and is read by range. */
export interface ByteSource {
  readonly path: string;
  /** Bytes at the time of opening. */
  readonly size: number;
  /** Exactly these bytes, in memory of their own. Throws `files/vanished` where the file no longer has them. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

/** One read of the system stays below 2 GiB on every platform. */
const largestRead = 2 ** 30;

/** Throws `files/missing` or `files/unreadable`. */
export async function openByteSource(path: string): Promise<ByteSource> {
  try {
    // Asked before opening: opening a pipe would wait for a writer.
    if (!(await stat(path)).isFile())
      throw fault('files/unreadable', { file: path, reason: 'it is not a file' });
    const handle = await open(path, 'r');
    const { size } = await handle.stat();
    return {
      path,
      size,
      async read(offset, length) {
        if (offset < 0 || length < 0 || offset + length > size) {
          throw new RangeError(`bytes ${offset} to ${offset + length} of ${path}, which has ${size}`);
        }
        const bytes = new Uint8Array(length);
        for (let done = 0; done < length;) {
          const wanted = Math.min(length - done, largestRead);
          const { bytesRead } = await handle
            .read(bytes, done, wanted, offset + done)
            .catch((error: unknown) => {
              throw readFault(path, error);
            });
          if (bytesRead === 0) throw fault('files/vanished', { file: path });
          done += bytesRead;
        }
        return bytes;
      },
      close: () => handle.close(),
    };
  } catch (error) {
    throw readFault(path, error);
  }
}

/**
 * Refuses what commonly stands where a checkpoint should: nothing at all, a web page, a Git LFS pointer.
 * Throws `formats/empty`, `formats/web-page` or `formats/lfs-pointer`.
 */
export async function refuseImpostor(source: ByteSource): Promise<void> {
  const file = source.path;
  if (source.size === 0) throw fault('formats/empty', { file });
  const bytes = await source.read(0, Math.min(source.size, 256));
  const head = new TextDecoder('latin1')
    .decode(bytes)
    .replace(/^(?:\u00ef\u00bb\u00bf)?\s*/, '')
    .toLowerCase();
  if (/^<(?:!doctype|html|head|body|!--|\?xml)/.test(head)) throw fault('formats/web-page', { file });
  if (head.startsWith('version https://git-lfs.github.com/spec/'))
    throw fault('formats/lfs-pointer', { file });
}
