import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { codeOf, writeFault } from './file-faults.ts';
import { isAlive } from './temporary.ts';

/**
 * Takes `file`, whose folder is there, as the lock of this process; a second taker gets the number of the process that
 * has it. One that a killed process left is taken over: it holds the process's start beside its number, so that another
 * process of the same number does not count. Throws `files/…`.
 */
export async function takePidLock(
  file: string,
): Promise<{ release: () => Promise<void>; pid?: never } | { pid: number; release?: never }> {
  const own = `${process.pid} ${await startOf(process.pid)} ${randomBytes(6).toString('hex')}`;
  const made = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(made, own, { flag: 'wx' });
    for (;;) {
      // Whole from its first moment, unlike a file that is made and then filled.
      if (await linkOrCopy(made, file)) break;
      const found = await contentOf(file);
      if (found === null) continue;
      if (await isHeld(found)) return { pid: Number(found.split(' ')[0]) };
      if (await replaceLeft(file, found, made)) break;
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

/**
 * Puts `made` where a lock that nobody has is still the one that was `found`. One at a time: two that found the same
 * lock would else each put theirs there. False where another was quicker.
 */
async function replaceLeft(file: string, found: string, made: string): Promise<boolean> {
  const replacing = await takePidLock(`${file}.replacing`);
  if (replacing.release === undefined) return false;
  try {
    if ((await contentOf(file)) !== found) return false;
    await rename(made, file);
    return true;
  } finally {
    await replacing.release();
  }
}

/** Null where there is no such file. */
function contentOf(file: string): Promise<string | null> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  });
}

/** As `link`; a copy where the disk knows no second names (exFAT, some network drives). False: `to` is there. */
async function linkOrCopy(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to).catch((error: unknown) => {
      if (!/^(EPERM|ENOTSUP|EOPNOTSUPP|ENOSYS|EMLINK)$/.test(codeOf(error))) throw error;
      return copyFile(from, to, constants.COPYFILE_EXCL);
    });
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
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
  if (!isAlive(Number(pid))) return false;
  const now = await startOf(Number(pid));
  return now === '-' || start === '-' || now === start;
}

/** When a process began, in ticks since the machine did; "-" where the system does not tell. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // The second field is a name in brackets that may hold spaces; the start is the 22nd.
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '-';
}
