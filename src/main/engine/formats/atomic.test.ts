import { execFile } from 'node:child_process';
import type * as fs from 'node:fs/promises';
import { chmod, cp, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { restoreFolder, writeFileAtomic, writeFolderAtomic } from './atomic.ts';
import { removeLeftovers } from './temporary.ts';
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

/** A process that writes `dir` anew and is killed as it asks for the rename number `at`, from 1; `at` 0: as it fills. */
async function killedWhileReplacing(dir: string, at: number): Promise<void> {
  const code = `
    import fs from 'node:fs/promises';
    import { syncBuiltinESMExports } from 'node:module';
    const die = () => { process.kill(process.pid, 'SIGKILL'); return new Promise(() => undefined); };
    const { rename } = fs;
    let count = 0;
    fs.rename = (...names) => (++count === ${at} ? die() : rename(...names));
    syncBuiltinESMExports();
    const { writeFolderAtomic } = await import(${JSON.stringify(pathToFileURL(join(import.meta.dirname, 'atomic.ts')).href)});
    await writeFolderAtomic(${JSON.stringify(dir)}, async (temporary) => {
      await fs.writeFile(temporary + '/new', 'new');
      if (${at} === 0) await die();
    }, { replace: true });
  `;
  const killed = run(process.execPath, ['--input-type=module', '-e', code]);
  await expect(killed).rejects.toMatchObject({ signal: 'SIGKILL' });
}

describe('a folder whose process was killed', () => {
  it.each([0, 1, 2])('is the old one as a whole, and nothing else is left, at moment %d', async (at) => {
    const folder = await temporaryFolder();
    const dir = join(folder, 'merged');
    await mkdir(dir);
    await writeFile(join(dir, 'old'), 'old');
    await killedWhileReplacing(dir, at);
    if (at < 2) expect(await readdir(dir)).toEqual(['old']);
    else expect(await readdir(folder)).not.toContain('merged');
    await restoreFolder(dir);
    expect(await readdir(dir)).toEqual(['old']);
    await writeFolderAtomic(join(folder, 'another'), () => Promise.resolve());
    expect((await readdir(folder)).sort()).toEqual(['another', 'merged']);
    await writeFolderAtomic(dir, (temporary) => writeFile(join(temporary, 'new'), 'new'), { replace: true });
    expect(await readdir(dir)).toEqual(['new']);
  });

  it('leaves what living processes and other machines write to a shared folder', async () => {
    const folder = await temporaryFolder();
    const dir = join(folder, 'merged');
    await killedWhileReplacing(dir, 0);
    const [left = ''] = await readdir(folder);
    const living = left.replace(/-\d+-/, `-${process.pid}-`);
    const foreign = left
      .replace(/^\.graft-..../, '.graft-zzzz')
      .replace('zzzz', left.slice(7, 11) === '0000' ? '1111' : '0000');
    for (const name of [living, foreign])
      await cp(join(folder, left), join(folder, name), { recursive: true });
    await removeLeftovers(folder, true);
    expect((await readdir(folder)).sort()).toEqual([living, foreign].sort());
    // Where nobody else writes, another machine's are left too.
    await removeLeftovers(folder);
    expect(await readdir(folder)).toEqual([living]);
  });
});

it.skipIf(process.platform === 'win32')(
  'what is written into a folder that only its owner enters is only the owner’s to read; elsewhere as usual',
  async () => {
    const folder = await temporaryFolder();
    await chmod(folder, 0o700);
    const source = join(folder, 'source');
    await writeFile(source, 'x', { mode: 0o644 });
    const modes = async (dir: string): Promise<string[]> => {
      const fill = async (temporary: string) => {
        await mkdir(join(temporary, 'inner'));
        await cp(source, join(temporary, 'inner/copied'));
        await writeFileAtomic(join(temporary, 'written'), 'x');
      };
      await writeFolderAtomic(join(dir, 'above/made'), fill);
      await writeFileAtomic(join(dir, 'file'), 'x');
      const made = [
        'file',
        'above',
        'above/made',
        'above/made/inner',
        'above/made/inner/copied',
        'above/made/written',
      ];
      return Promise.all(made.map(async (name) => ((await stat(join(dir, name))).mode & 0o777).toString(8)));
    };
    expect(await modes(folder)).toEqual(['600', '700', '700', '700', '600', '600']);
    const open = join(folder, 'open');
    await mkdir(open, { mode: 0o755 });
    await chmod(open, 0o755);
    expect(await modes(open)).toEqual(['644', '755', '755', '755', '644', '644']);
  },
);
