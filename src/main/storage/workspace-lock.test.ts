import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockWorkspace } from './workspace-lock.ts';

function folder(): string {
  const dir = mkdtempSync(path.join(tmpdir(), 'graft-lock-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('the second to come is told where the first is, by a file that only its owner can read', async () => {
  const dir = folder();
  const first = await lockWorkspace(dir);
  first.lock?.announce({ pid: 7, port: 4737, token: 'abc' });
  expect(statSync(path.join(dir, 'in-use.json')).mode & 0o777).toBe(0o600);
  expect(await lockWorkspace(dir)).toEqual({ holder: { pid: 7, port: 4737, token: 'abc' } });
  first.lock?.release();
  const third = await lockWorkspace(dir);
  expect(third.lock).toBeDefined();
  third.lock?.release();
});

test('the second to come waits until the first has said where it is', async () => {
  const dir = folder();
  const first = await lockWorkspace(dir);
  const second = lockWorkspace(dir);
  first.lock?.announce({ pid: 7, port: 1, token: 'abc' });
  expect((await second).holder?.port).toBe(1);
  first.lock?.release();
});

test('a process that was killed leaves nothing that stands in the way, even if its id is in use again', async () => {
  const dir = folder();
  const script = `
    import { lockWorkspace } from ${JSON.stringify(new URL('./workspace-lock.ts', import.meta.url).href)};
    const { lock } = await lockWorkspace(${JSON.stringify(dir)});
    lock.announce({ pid: process.pid, port: 1, token: 'abc' });
    console.log('held');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  expect((await lockWorkspace(dir)).holder?.pid).toBe(child.pid);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  const note = path.join(dir, 'in-use.json');
  writeFileSync(note, readFileSync(note, 'utf8').replace(String(child.pid), String(process.pid)));
  const { lock } = await lockWorkspace(dir);
  expect(lock).toBeDefined();
  lock?.release();
});
