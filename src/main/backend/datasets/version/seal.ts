import { createHash } from 'node:crypto';
import { chmod, open } from 'node:fs/promises';

/** What is known of a finished version file. */
export interface Sealed {
  /** Its temporary name. */
  file: string;
  sha256: string;
  bytes: number;
}

const CHUNK_BYTES = 2 ** 20;

/** Syncs a finished file, makes it read-only and gives its hash. */
export async function seal(file: string): Promise<Sealed> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  const { sha256, bytes } = await hashFile(file);
  await chmod(file, 0o400);
  return { file, sha256, bytes };
}

export async function hashFile(file: string): Promise<{ sha256: string; bytes: number }> {
  const handle = await open(file);
  try {
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
    let bytes = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, CHUNK_BYTES, bytes);
      if (bytesRead === 0) return { sha256: hash.digest('hex'), bytes };
      hash.update(buffer.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
  }
}
