import { setTimeout as wait } from 'node:timers/promises';
import { isPidLockHeld, takePidLock } from '../formats/pid-lock.ts';

const LOOK_AGAIN_MS = 200;

/**
 * Does `work` while no other Graft does anything to the same file: whoever comes second waits, and then finds it
 * there. A lock that a killed process left is taken over. Throws `files/…`, what `work` throws, the signal's reason.
 */
export async function withPartLock<T>(
  file: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  for (;;) {
    const { release } = await takePidLock(lockOf(file));
    if (!release) {
      await wait(LOOK_AGAIN_MS, undefined, { signal });
      continue;
    }
    try {
      return await work();
    } finally {
      await release();
    }
  }
}

const lockOf = (file: string): string => `${file}.lock`;

/** Whether a process that lives works on the file. */
export const isHeld = (file: string): Promise<boolean> => isPidLockHeld(lockOf(file));
