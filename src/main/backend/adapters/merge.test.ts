import { readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { standInEngine } from '../exports/test-support.ts';
import { testBackend } from '../test-support.ts';
import { addModel, importGolden } from './test-support.ts';

it('a merge whose process is killed says so, and leaves nothing', async () => {
  const backend = await testBackend();
  const { modelId } = await addModel(backend);
  const first = await importGolden(backend, modelId, 'lora-qv');
  const second = await importGolden(backend, modelId, 'lora-seed');
  backend.host.startEngine = () => standInEngine([], 'SIGKILL');
  const parts = [first, second].map(({ id }) => ({ id, weight: 1 }));
  const { jobId } = await backend.call('adapters/merge', { name: 'No', parts, combination: 'cat' });
  const { state, fault } = await backend.context.jobs.finished(jobId);
  expect({ state, message: fault?.message }).toEqual({
    state: 'failed',
    message: 'Combining the adapters ended in the middle: its process was ended or crashed (SIGKILL).',
  });
  const folders = await readdir(backend.context.workspace.adapters);
  expect(folders.sort()).toEqual([first.id, second.id].sort());
});
