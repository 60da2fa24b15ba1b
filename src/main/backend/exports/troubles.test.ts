import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { ExportedTarget } from '../../../shared/contract/exports.ts';
import { ExportStore, type StoredExport } from '../../storage/exports.ts';
import { testBackend, type TestBackend } from '../test-support.ts';
import { inTurn } from '../jobs/turns.ts';
import { exported, importedBackend, standInEngine, statesOf } from './test-support.ts';

/** Keeps every job of the lane waiting until the function that it gives is called. */
function heldLane({ context }: TestBackend): () => Promise<unknown> {
  let leave = (): void => undefined;
  const left = new Promise<void>((resolve) => (leave = resolve));
  const job = context.jobs.start({
    kind: 'merge',
    title: 'In front',
    work: async (control) => {
      await inTurn(context, control, () => left);
      return null;
    },
  });
  onTestFinished(leave);
  return () => {
    leave();
    return context.jobs.finished(job.id);
  };
}

/** An export of one target, hf, in `folder`. */
function stored(id: string, folder: string, state: ExportedTarget['state'], createdAt: number): StoredExport {
  const source = { kind: 'adapter', id: 'a' } as const;
  const none = { bytes: 0, reason: null, proof: null, snippets: [], verifiedAt: null };
  const targets = [{ target: 'hf' as const, state, folder: path.join(folder, 'hf'), ...none }];
  return { id, name: id, source, modelName: 'tiny', folder, targets, createdAt };
}

/** What an export writes into a target's folder, as far as it says that the folder is ours. */
async function written(folder: string): Promise<string> {
  const proof = path.join(folder, 'hf', 'verification.json');
  await mkdir(path.dirname(proof), { recursive: true });
  await writeFile(proof, '{}\n');
  return proof;
}

it('an export that is cancelled before its turn comes leaves no folder', async () => {
  const backend = await importedBackend();
  const goOn = heldLane(backend);
  const folder = path.join(backend.dir, 'out');
  const { source } = backend;
  const started = await backend.call('exports/start', { source, name: 'Late', targets: ['hf'], folder });
  expect(existsSync(folder)).toBe(true);
  await backend.call('jobs/cancel', { id: started.export.jobId! });
  const { export: left } = await backend.call('exports/read', { id: started.export.id });
  expect(statesOf(left)).toEqual({ hf: 'cancelled' });
  expect(existsSync(folder)).toBe(false);
  await goOn();
});

it('an export whose state cannot be kept fails, with nothing of its texts left behind', async () => {
  const backend = await importedBackend();
  const { db, workspace } = backend.context;
  db.exec(`CREATE TRIGGER full BEFORE UPDATE ON export_targets WHEN NEW.state = 'writing'
    BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`);
  const folder = path.join(backend.dir, 'out', 'hf');
  const begun = { type: 'target', target: 'hf', state: 'writing', folder, bytes: 0 };
  backend.host.startEngine = () => {
    const [{ id }] = new ExportStore(db).list() as [StoredExport];
    writeFileSync(path.join(workspace.temporary, `${id}.jsonl`), '{"text": "private"}\n');
    return standInEngine([
      { type: 'event', event: { ...begun, reason: null, outcome: null, snippets: [] } },
      { type: 'result', output: null },
    ]);
  };
  const { job } = await exported(backend, path.dirname(folder), ['hf']);
  expect(job).toMatchObject({
    state: 'failed',
    fault: { message: expect.stringContaining('is full') as string },
  });
  expect(await readdir(workspace.temporary)).toEqual([]);
});

it('a proof that is being repeated is not repeated a second time beside it', async () => {
  const backend = await testBackend();
  const folder = path.join(backend.dir, 'out');
  new ExportStore(backend.context.db).insert(stored('x', folder, 'passed', 1));
  const goOn = heldLane(backend);
  const first = await backend.call('exports/verify', { id: 'x' });
  expect(await backend.call('exports/verify', { id: 'x' })).toEqual(first);
  await goOn();
  await backend.context.jobs.finished(first.jobId);
  expect((await backend.call('exports/read', { id: 'x' })).export).toMatchObject({ jobId: null });
});

it('removing an export with its files keeps those of another one in the same folder', async () => {
  const backend = await testBackend();
  const folder = path.join(backend.dir, 'out');
  const proof = await written(folder);
  const store = new ExportStore(backend.context.db);
  store.insert(stored('first', folder, 'passed', 1));
  store.insert(stored('over it', folder, 'passed', 2));
  store.insert(stored('cancelled', folder, 'cancelled', 3));
  await backend.call('exports/remove', { id: 'cancelled', files: true });
  expect(existsSync(proof)).toBe(true);
  await backend.call('exports/remove', { id: 'first', files: true });
  expect(existsSync(proof)).toBe(true);
  await backend.call('exports/remove', { id: 'over it', files: true });
  expect(existsSync(folder)).toBe(false);
});
