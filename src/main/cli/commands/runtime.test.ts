import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { ended, errorSchema, startGraft } from '../test-support.ts';

it('graft runtime says what is installed, and refuses a file that is no runtime', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'graft-runtime-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const before = process.env['GRAFT_CACHE'];
  process.env['GRAFT_CACHE'] = dir;
  onTestFinished(() => {
    if (before === undefined) delete process.env['GRAFT_CACHE'];
    else process.env['GRAFT_CACHE'] = before;
  });
  await writeFile(join(dir, 'x.zip'), 'no archive');
  const list = await ended(startGraft(['runtime', 'list', '--json']));
  expect({ status: list.status, result: JSON.parse(list.stdout) as unknown }).toEqual({
    status: 0,
    result: { installed: null },
  });
  const install = await ended(startGraft(['runtime', 'install', join(dir, 'x.zip'), '--json']));
  expect(install.status).toBe(1);
  expect(errorSchema.parse(JSON.parse(install.stdout)).error.code).toBe('runtime/archive');
  expect(await readdir(dir)).toEqual(['x.zip']);
});
