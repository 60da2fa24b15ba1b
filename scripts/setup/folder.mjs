import fs from 'node:fs';
import path from 'node:path';
import { SetupError } from './report.mjs';

const manifestName = 'complete.json';

/** True when `dir` was published whole and still is: each file of its manifest is there in its size. */
export function isComplete(dir) {
  try {
    const { files } = JSON.parse(fs.readFileSync(path.join(dir, manifestName), 'utf8'));
    return Object.entries(files).every(([name, size]) => fs.statSync(path.join(dir, name)).size === size);
  } catch {
    return false;
  }
}

/**
 * Fills `dir` by `fill(temporaryDir)`, which returns the names of the files that make it whole, and renames it into
 * place. Does nothing when `dir` is complete. Whoever else publishes the same folder first wins.
 */
export async function publish(dir, fill) {
  if (isComplete(dir)) return;
  const temporary = temporaryBeside(dir);
  try {
    fs.mkdirSync(temporary, { recursive: true });
    const names = await fill(temporary);
    const files = Object.fromEntries(
      names.map((name) => [name, fs.statSync(path.join(temporary, name)).size]),
    );
    fs.writeFileSync(path.join(temporary, manifestName), JSON.stringify({ files }));
    replace(temporary, dir);
  } catch (error) {
    throw error.code === 'ENOSPC' ? diskFull(dir) : error;
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}

/** Renames `from` to `to`; a broken `to` is moved aside first, a complete one is kept. */
function replace(from, to) {
  try {
    fs.renameSync(from, to);
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST', 'EPERM', 'ENOTDIR'].includes(error.code)) throw error;
    if (isComplete(to)) return;
    const aside = temporaryBeside(to);
    fs.renameSync(to, aside);
    fs.renameSync(from, to);
    fs.rmSync(aside, { recursive: true, force: true });
  }
}

/** Points the link `link` at `target`, replacing whatever is there in one rename. */
export function pointLink(target, link) {
  const temporary = temporaryBeside(link);
  fs.symlinkSync(target, temporary, process.platform === 'win32' ? 'junction' : 'dir');
  const there = fs.lstatSync(link, { throwIfNoEntry: false });
  if (there !== undefined && !there.isSymbolicLink()) {
    const aside = temporaryBeside(link);
    fs.renameSync(link, aside);
    fs.renameSync(temporary, link);
    fs.rmSync(aside, { recursive: true, force: true });
  } else {
    fs.renameSync(temporary, link);
  }
}

/** Copies a file under a temporary name and renames it. */
export function placeFile(from, to) {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  const temporary = temporaryBeside(to);
  fs.copyFileSync(from, temporary);
  fs.renameSync(temporary, to);
}

/** Throws when the disk of `dir` has less than `megabytes` left. */
export function requireSpace(dir, megabytes) {
  fs.mkdirSync(dir, { recursive: true });
  const { bavail, bsize } = fs.statfsSync(dir);
  const free = Math.floor((bavail * bsize) / 1e6);
  if (free < megabytes) {
    throw new SetupError(
      `${dir} has ${free} MB free; ${megabytes} MB are needed.`,
      'Free some space, or set GRAFT_CACHE to a folder on another disk.',
    );
  }
}

function diskFull(dir) {
  return new SetupError(
    `The disk became full while ${dir} was filled. What was there before is unchanged.`,
    'Free some space, or set GRAFT_CACHE to a folder on another disk, and start again.',
  );
}

const temporaryMark = '.tmp-';

function temporaryBeside(file) {
  return `${file}${temporaryMark}${process.pid}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Deletes what killed set-ups left in `dir`. Call it while holding the lock. */
export function sweep(dir) {
  for (const name of fs.existsSync(dir) ? fs.readdirSync(dir) : []) {
    if (name.includes(temporaryMark)) fs.rmSync(path.join(dir, name), { recursive: true, force: true });
  }
}
