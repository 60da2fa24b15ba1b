import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WorkerPool } from './pool.ts';

async function csvFile(): Promise<string> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'graft-pool-'));
  onTestFinished(() => rm(dir, { recursive: true }));
  const file = path.join(dir, 'a.csv');
  await writeFile(file, 'text,label\ngood,1\nbad,0\n');
  return file;
}

const previewOf = (pool: WorkerPool, file: string, signal?: AbortSignal) =>
  pool.ask('preview', { source: { kind: 'files', files: [{ path: file }] }, name: 'a' } as never, signal);

it('ends what takes longer than its deadline with its thread, and goes on with the next in line', async () => {
  const file = await csvFile();
  // No thread even starts in a millisecond.
  const pool = new WorkerPool({ size: 1, deadlineMs: 1 });
  onTestFinished(() => pool.close());
  const found = await Promise.allSettled([1, 2, 3].map(() => previewOf(pool, file)));
  expect(found.map((one) => one.status === 'rejected' && (one.reason as { code: string }).code)).toEqual([
    'datasets/too-slow',
    'datasets/too-slow',
    'datasets/too-slow',
  ]);
});

it('answers more questions than it has threads, and refuses those that wait when it is closed', async () => {
  const file = await csvFile();
  const pool = new WorkerPool({ size: 1 });
  const hashes = await Promise.all([1, 2, 3].map(() => pool.ask('hash', { file })));
  expect(new Set(hashes).size).toBe(1);
  const late = Promise.allSettled([1, 2].map(() => pool.ask('hash', { file })));
  await pool.close();
  expect((await late).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

it('ends what is given up with its thread, or takes it out of the line, and goes on with the others', async () => {
  const file = await csvFile();
  const pool = new WorkerPool({ size: 1 });
  onTestFinished(() => pool.close());
  const [first, second] = [new AbortController(), new AbortController()];
  const given = [first, second].map(({ signal }) => previewOf(pool, file, signal));
  const kept = pool.ask('hash', { file });
  second.abort(new Error('second'));
  first.abort(new Error('first'));
  const found = await Promise.allSettled(given);
  expect(found.map((one) => one.status === 'rejected' && (one.reason as Error).message)).toEqual([
    'first',
    'second',
  ]);
  expect(await kept).toMatch(/^[0-9a-f]{64}$/);
});
