import fs from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { useTestFolder } from './fakes.mjs';
import { withLock } from './lock.mjs';

const { dir } = useTestFolder();

test('two set-ups at the same time do one after the other, and the second says that it waits', async () => {
  const events = [];
  const waiting = vi.fn();
  const work = (name) => async () => {
    events.push(`${name} begins`);
    await sleep(20);
    events.push(`${name} ends`);
  };
  await Promise.all([withLock(dir('lock'), work('a'), waiting), withLock(dir('lock'), work('b'), waiting)]);
  expect(events).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  expect(waiting).toHaveBeenCalledOnce();
  expect(fs.existsSync(dir('lock'))).toBe(false);
});

test('the lock of a set-up that was killed is taken over', async () => {
  fs.writeFileSync(dir('lock'), '');
  const minuteAgo = new Date(Date.now() - 60_000);
  fs.utimesSync(dir('lock'), minuteAgo, minuteAgo);
  expect(await withLock(dir('lock'), () => 'done')).toBe('done');
});

test('a set-up that fails gives the lock back', async () => {
  const failing = () => Promise.reject(new Error('no network'));
  await expect(withLock(dir('lock'), failing)).rejects.toThrow('no network');
  expect(fs.existsSync(dir('lock'))).toBe(false);
});
