import { open, readFile, rm, stat } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { writeFault } from '../formats/file-faults.ts';

const LOOK_AGAIN_MS = 200;
/** Whoever holds a lock writes more often: the process of an older one is another that got its number. */
const OLDEST_MS = 5 * 60_000;

/**
 * Does `work` while no other Graft does anything to the same file: whoever comes second waits, and then finds it
 * there. A lock that a killed process left is taken over. Throws `files/…`, what `work` throws, the signal's reason.
 */
export async function withPartLock<T>(
  file: string,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const lock = lockOf(file);
  while (!(await take(lock))) {
    if (await isHeld(file)) await wait(LOOK_AGAIN_MS, undefined, { signal });
    else await rm(lock, { force: true });
  }
  try {
    return await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx');
    try {
      await handle.writeFile(String(process.pid));
    } finally {
      await handle.close();
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw writeFault(lock, error);
  }
}

const lockOf = (file: string): string => `${file}.lock`;

/** Whether a process that lives works on the file. A lock that is just being written counts as held. */
export async function isHeld(file: string): Promise<boolean> {
  const text = await readFile(lockOf(file), 'utf8').catch(() => null);
  const changed = [lockOf(file), file].map(
    async (name) => (await stat(name).catch(() => null))?.mtimeMs ?? 0,
  );
  if (text === null || Math.max(...(await Promise.all(changed))) < Date.now() - OLDEST_MS) return false;
  if (text === '') return true;
  try {
    process.kill(Number(text), 0);
    return true;
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
