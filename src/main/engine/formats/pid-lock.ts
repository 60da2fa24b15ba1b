import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { writeFault } from './file-faults.ts';

/**
 * Takes `file`, whose folder is there, as the lock of this process; a second taker gets the number of the process that
 * has it. One that a killed process left is taken over: it holds the process's start beside its number, so that another
 * process of the same number does not count. Throws `files/…`.
 */
export async function takePidLock(
  file: string,
): Promise<{ release: () => Promise<void>; pid?: never } | { pid: number; release?: never }> {
  const unique = (): string => `${file}.${randomBytes(6).toString('hex')}.tmp`;
  const own = `${process.pid} ${await startOf(process.pid)} ${randomBytes(6).toString('hex')}`;
  const made = unique();
  try {
    await writeFile(made, own, { flag: 'wx' });
    for (;;) {
      // Whole from its first moment, unlike a file that is made and then filled.
      if (await isDone(linkOrCopy(made, file), 'EEXIST')) break;
      const found = await readFile(file, 'utf8').catch(() => '');
      if (await isHeld(found)) return { pid: Number(found.split(' ')[0]) };
      // Only one of several takers moves it; one that moved a lock which was just taken puts it back.
      const stale = unique();
      if (found === '' || !(await isDone(rename(file, stale), 'ENOENT'))) continue;
      if ((await readFile(stale, 'utf8')) !== found) await isDone(linkOrCopy(stale, file), 'EEXIST');
      await rm(stale, { force: true });
    }
  } catch (error) {
    throw writeFault(file, error);
  } finally {
    await rm(made, { force: true });
  }
  return {
    release: async () => {
      if ((await readFile(file, 'utf8').catch(() => '')) === own) await rm(file, { force: true });
    },
  };
}

/** As `link`; a copy where the disk knows no second names (exFAT, some network drives). */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK)$/.test(code)) throw error;
    return copyFile(from, to, constants.COPYFILE_EXCL);
  });
}

/** False where the system refused `work` with `code`; other refusals are thrown. */
async function isDone(work: Promise<void>, code: string): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return false;
    throw error;
  }
}

/** Whether a process that lives has the lock. */
export async function isPidLockHeld(file: string): Promise<boolean> {
  return isHeld(await readFile(file, 'utf8').catch(() => ''));
}

async function isHeld(text: string): Promise<boolean> {
  const [pid, start] = text.split(' ');
  if (!/^\d+$/.test(pid ?? '')) return false;
  try {
    process.kill(Number(pid), 0);
  } catch (error) {
    // EPERM: it lives and is somebody else's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  const now = await startOf(Number(pid));
  return now === '-' || start === '-' || now === start;
}

/** When a process began, in ticks since the machine did; "-" where the system does not tell. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is a name in brackets that may hold spaces; the start is the 22nd.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
}
