import { chmod, open } from 'node:fs/promises';
import { digest } from '../../../engine/hub/hash-file.ts';

/** What is known of a finished version file. */
export interface Sealed {
  /** Its temporary name. */
  file: string;
  sha256: string;
  bytes: number;
}

/** Syncs a finished file, makes it read-only and gives its hash. */
export async function seal(file: string): Promise<Sealed> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
    const { size: bytes } = await handle.stat();
    await chmod(file, 0o400);
    return { file, sha256: await digest({ file, kind: 'sha256' }), bytes };
  } finally {
    await handle.close();
  }
}
