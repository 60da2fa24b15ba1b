import { execFile } from 'node:child_process';
import { readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { temporaryFolder } from './test-support.ts';

const run = promisify(execFile);

/** Makes a folder in the system's temporary folder, in a process of its own, and runs `then` there. */
function inProcess(TMPDIR: string, purpose: string, then: string): Promise<unknown> {
  const module = pathToFileURL(path.join(import.meta.dirname, 'temporary.ts')).href;
  const code = `
    import { writeFileSync } from 'node:fs';
    const { systemTemporary } = await import(${JSON.stringify(module)});
    const folder = systemTemporary(${JSON.stringify(purpose)});
    writeFileSync(folder + '/file', 'x');
    ${then}
  `;
  return run(process.execPath, ['--input-type=module', '-e', code], { env: { ...process.env, TMPDIR } });
}

it.skipIf(process.platform === 'win32')(
  'what a killed process left in the system’s temporary folder goes when the next one needs it; all else stays',
  async () => {
    const folder = await temporaryFolder();
    const kept = await temporaryFolder();
    await writeFile(path.join(kept, 'file'), 'x');
    for (const purpose of ['graph', 'snippet'])
      await expect(inProcess(folder, purpose, `process.kill(process.pid, 'SIGKILL')`)).rejects.toThrow();
    const [left = ''] = await readdir(folder);
    await writeFile(path.join(folder, 'graft-graph-notes.txt'), 'x');
    const living = left.replace(/-\d+-/, `-${process.pid}-`);
    await writeFile(path.join(folder, living), 'x');
    // A link of such a name is removed, not what it leads to.
    await symlink(kept, path.join(folder, left.replace(/\w{6}$/, 'aaaaaa')));
    await inProcess(folder, 'graph', `(await import('node:fs')).rmSync(folder, { recursive: true })`);
    expect((await readdir(folder)).sort()).toEqual([living, 'graft-graph-notes.txt'].sort());
    expect(await readdir(kept)).toEqual(['file']);
  },
);
