import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rename, rm, rmdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { codeOf } from './file-faults.ts';

/**
 * Whatever is half written has a name that says whose it is: a machine (folders may be shared) and a process on it. What
 * a process that is gone left behind is removed by the next one that writes there.
 */
const machine = createHash('sha256').update(os.hostname()).digest('hex').slice(0, 4);
const owner = `${machine}-${process.pid}`;

/** Of what is being written, and of folders that step aside: `.graft-OWNER-RANDOM.tmp`, `.graft-OWNER-RANDOM.old`. */
const BESIDE = /^\.graft-([0-9a-f]{4})-(\d+)-[0-9a-f]{8}\.(tmp|old)$/;
/** Names of earlier versions, which say nothing of an owner. */
const OWNERLESS = /^\.graft-[0-9a-f]{12}\.tmp$/;
const IN_SYSTEM = /^graft-[a-z]+-([0-9a-f]{4})-(\d+)-\w{6}$/;

/** A free name beside `file`, so that a rename stays on one disk; short, so that it fits where `file` does. */
export function temporaryBeside(file: string, ending: 'tmp' | 'old' = 'tmp'): string {
  return path.join(path.dirname(file), `.graft-${owner}-${randomBytes(4).toString('hex')}.${ending}`);
}

let sweptSystem = false;

/** A new folder in the system's temporary folder, which only its owner enters. Throws the file system's errors. */
export function systemTemporary(purpose: 'snippet' | 'graph' | 'log'): string {
  const dir = os.tmpdir();
  if (!sweptSystem) {
    sweptSystem = true;
    for (const name of names(dir))
      if (isLeft(IN_SYSTEM.exec(name))) {
        try {
          rmSync(path.join(dir, name), { recursive: true, force: true });
        } catch {
          // It belongs to somebody else.
        }
      }
  }
  return mkdtempSync(path.join(dir, `graft-${purpose}-${owner}-`));
}

/**
 * Removes what processes that are gone left half written in `dir`, and puts back a folder that had stepped aside for one
 * that never came. Where `dir` is not `shared`, only one process at a time writes to it, and names that tell of none of
 * this machine are left too.
 */
export async function removeLeftovers(dir: string, shared = false): Promise<void> {
  for (const name of names(dir)) {
    const found = BESIDE.exec(name);
    const foreign = !shared && (found === null ? OWNERLESS.test(name) : found[1] !== machine);
    if (!foreign && !isLeft(found)) continue;
    const left = path.join(dir, name);
    if (found?.[3] === 'old') await putBack(left);
    await rm(left, { recursive: true, force: true });
  }
}

/** A folder out of the way of another one. */
export interface MovedFolder {
  back(): Promise<void>;
  remove(): Promise<void>;
}

/** Moves `folder` out of the way; null where there is none. Throws the file system's errors. */
export async function moveAway(folder: string): Promise<MovedFolder | null> {
  const holding = temporaryBeside(folder, 'old');
  await mkdir(holding, { mode: 0o700 });
  const old = path.join(holding, path.basename(folder));
  try {
    await rename(folder, old);
  } catch (error) {
    await rmdir(holding);
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
  return {
    back: async () => {
      await rename(old, folder);
      await rmdir(holding);
    },
    remove: () => rm(holding, { recursive: true, force: true }),
  };
}

/** The folder in `aside` gets its name again, unless another one has it by now. */
async function putBack(holding: string): Promise<void> {
  const there = new Set(names(path.dirname(holding)));
  for (const name of names(holding))
    if (!there.has(name)) await rename(path.join(holding, name), path.join(path.dirname(holding), name));
}

/** Whether the process that a name tells of ran on this machine and is gone. */
function isLeft(found: RegExpExecArray | null): boolean {
  return found !== null && found[1] === machine && !isAlive(Number(found[2]));
}

/** Whether a process of this number lives on this machine. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives and belongs to somebody else.
    return codeOf(error) === 'EPERM';
  }
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
