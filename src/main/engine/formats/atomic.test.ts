import { execFile } from 'node:child_process';
import type * as fs from 'node:fs/promises';
import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { writeFileAtomic, writeFolderAtomic } from './atomic.ts';
import { faultOf, temporaryFolder, textOf } from './test-support.ts';

const run = promisify(execFile);

/** What the system answers to writing and syncing, when a test wants it to answer something. */
const answer = vi.hoisted(() => ({ code: '' }));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fs>();
  return {
    ...real,
    async open(...args: Parameters<typeof real.open>) {
      const handle = await real.open(...args);
      if (answer.code === '') return handle;
      const { code } = answer;
      handle.writeFile = async () => {
        await handle.write(Buffer.from('half of it'));
        throw Object.assign(new Error(`${code}: simulated`), { code });
      };
      return handle;
    },
  };
});

function answerWith(code: string): void {
  answer.code = code;
  onTestFinished(() => void (answer.code = ''));
}

/** A disk of 1 MB of its own, or null where this user may not mount one. */
async function smallDisk(): Promise<string | null> {
  const folder = await temporaryFolder();
  try {
    await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder]);
  } catch {
    console.warn('No small disk can be mounted here: the full disk is only simulated in this run.');
    return null;
  }
  onTestFinished(() => run('umount', [folder]).then(() => undefined));
  return folder;
}

async function* chunks(count: number): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) yield await Promise.resolve(new Uint8Array(64 * 1024).fill(i));
}

const diskFull =
  'The disk is full: state.bin could not be written. What was there before is unchanged. ' +
  'Free some space and go on from the last checkpoint.';

describe('a file', () => {
  it('is written whole from a text, bytes or a stream of bytes, and replaces the old one', async () => {
    const file = join(await temporaryFolder(), 'state.bin');
    await writeFileAtomic(file, 'text');
    expect(await readFile(file, 'utf8')).toBe('text');
    await writeFileAtomic(file, Uint8Array.of(1, 2, 3));
    expect([...(await readFile(file))]).toEqual([1, 2, 3]);
    await writeFileAtomic(file, chunks(3));
    expect((await readFile(file)).length).toBe(3 * 64 * 1024);
  });

  it('keeps its old contents when the disk fills up, and nothing else is left', async () => {
    const folder = await smallDisk();
    if (folder === null) return;
    const file = join(folder, 'state.bin');
    await writeFileAtomic(file, 'old');
    expect(textOf(await faultOf(() => writeFileAtomic(file, chunks(32))), folder)).toBe(diskFull);
    expect(await readFile(file, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['state.bin']);
  });

  it.each([
    ['ENOSPC', diskFull],
    ['EDQUOT', diskFull],
    [
      'EROFS',
      'state.bin cannot be written: the disk is read-only. ' +
        'Choose another folder, or give yourself the right to write there.',
    ],
  ])('keeps its old contents when the system answers %s', async (code, text) => {
    const folder = await temporaryFolder();
    const file = join(folder, 'state.bin');
    await writeFileAtomic(file, 'old');
    answerWith(code);
    expect(textOf(await faultOf(() => writeFileAtomic(file, 'new')), folder)).toBe(text);
    expect(await readFile(file, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['state.bin']);
  });

  it('keeps its old contents when the stream it is written from fails', async () => {
    const folder = await temporaryFolder();
    const file = join(folder, 'state.bin');
    await writeFileAtomic(file, 'old');
    async function* failing() {
      yield* chunks(1);
      throw new Error('the source failed');
    }
    await expect(writeFileAtomic(file, failing())).rejects.toThrow('the source failed');
    expect(await readFile(file, 'utf8')).toBe('old');
    expect(await readdir(folder)).toEqual(['state.bin']);
  });

  it('is refused by name where its folder is missing', async () => {
    const folder = await temporaryFolder();
    expect(textOf(await faultOf(() => writeFileAtomic(join(folder, 'a/state.bin'), '')), folder)).toBe(
      'a/state.bin cannot be written: its folder does not exist. ' +
        'Choose another folder, or give yourself the right to write there.',
    );
  });

  it('is refused by name where writing is not allowed', async () => {
    const folder = await temporaryFolder();
    if (process.getuid?.() === 0) {
      // Root may write anywhere, except where nobody may.
      const text = textOf(await faultOf(() => writeFileAtomic('/proc/state.bin', '')), '/proc');
      expect(text).toMatch(/^state.bin cannot be written: /);
    } else {
      await chmod(folder, 0o500);
      const text = textOf(await faultOf(() => writeFileAtomic(join(folder, 'state.bin'), '')), folder);
      expect(text).toMatch(/^state.bin cannot be written: access is denied\./);
    }
  });
});

describe('a folder', () => {
  it('appears with all its files', async () => {
    const dir = join(await temporaryFolder(), 'runs/checkpoint-10');
    await writeFolderAtomic(dir, async (temporary) => {
      await mkdir(join(temporary, 'nested'));
      await writeFile(join(temporary, 'nested/a'), 'a');
      await expect(readdir(dir)).rejects.toThrow('ENOENT');
    });
    expect(await readFile(join(dir, 'nested/a'), 'utf8')).toBe('a');
  });

  it('takes the place of an empty one', async () => {
    const dir = await temporaryFolder();
    await writeFolderAtomic(dir, (temporary) => writeFile(join(temporary, 'a'), 'a'));
    expect(await readdir(dir)).toEqual(['a']);
  });

  it('that holds something is kept and refused', async () => {
    const folder = await temporaryFolder();
    const dir = join(folder, 'merged');
    await mkdir(dir);
    await writeFile(join(dir, 'old'), 'old');
    const fill = vi.fn<(temporary: string) => Promise<void>>();
    expect(textOf(await faultOf(() => writeFolderAtomic(dir, fill)), folder)).toBe(
      'merged exists and is not empty. ' +
        'Choose another output folder, or pass --overwrite to replace what Graft wrote there.',
    );
    expect(fill).not.toHaveBeenCalled();
    expect(await readdir(dir)).toEqual(['old']);
  });

  it('that holds something is replaced as a whole when asked for', async () => {
    const folder = await temporaryFolder();
    const dir = join(folder, 'merged');
    await mkdir(dir);
    await writeFile(join(dir, 'old'), 'old');
    await writeFolderAtomic(dir, (temporary) => writeFile(join(temporary, 'new'), 'new'), { replace: true });
    expect(await readdir(dir)).toEqual(['new']);
    expect(await readdir(folder)).toEqual(['merged']);
  });

  it('stays as it was when filling the new one fails', async () => {
    const folder = await temporaryFolder();
    const dir = join(folder, 'merged');
    await mkdir(dir);
    await writeFile(join(dir, 'old'), 'old');
    const fill = async (temporary: string) => {
      await writeFile(join(temporary, 'new'), 'new');
      throw new Error('stopped in the middle');
    };
    await expect(writeFolderAtomic(dir, fill, { replace: true })).rejects.toThrow('stopped in the middle');
    expect(await readdir(dir)).toEqual(['old']);
    expect(await readdir(folder)).toEqual(['merged']);
  });

  it('is not half there when the disk fills up', async () => {
    const folder = await smallDisk();
    if (folder === null) return;
    const fill = async (temporary: string) => {
      await writeFile(join(temporary, 'a'), 'a');
      await writeFileAtomic(join(temporary, 'state.bin'), chunks(32));
    };
    const fault = await faultOf(() => writeFolderAtomic(join(folder, 'checkpoint-10'), fill));
    expect(fault.code).toBe('files/disk-full');
    expect(await readdir(folder)).toEqual([]);
  });
});
