import path from 'node:path';
import { expect, it } from 'vitest';
import { statesOf, importedBackend } from '../../backend/exports/test-support.ts';
import { testBackend } from '../../backend/test-support.ts';
import { graft } from '../test-support.ts';

it('graft export and graft merge with --workspace stand in the window, live, once for each folder', async () => {
  const backend = await importedBackend();
  const { dir, modelFolder, source } = backend;
  const { adapter } = await backend.call('adapters/read', { id: source.id });
  const shared = ['--workspace', dir, '--json', '--model', modelFolder, '--adapter', adapter.folder];
  const told = backend.nextEvent('exports/changed', ({ folder }) => folder.endsWith('several'));
  const several = path.join(dir, 'several');
  const exported = await graft(['export', ...shared, '--format', 'hf', 'peft', '--output', several]);
  expect(exported.status).toBe(0);
  const entry = await told;
  expect(entry).toMatchObject({ name: 'several', source, modelName: 'model-seed1', jobId: null });
  expect(statesOf(entry)).toEqual({ hf: 'passed', peft: 'passed' });
  expect(entry.targets.every(({ proof, bytes }) => proof?.passed === true && bytes > 0)).toBe(true);

  const merged = path.join(dir, 'merged');
  const result = await graft(['merge', ...shared, '--output', merged]);
  expect(result.status).toBe(0);
  expect(JSON.parse(result.stdout)).toMatchObject({ output: merged, comparison: { same_answers: 9 } });
  await graft(['merge', ...shared, '--output', merged, '--overwrite']);
  const { exports } = await backend.call('exports/list', {});
  expect(exports.map(({ name }) => name)).toEqual(['merged', 'several']);
  expect((await backend.call('adapters/read', { id: source.id })).adapter.exports).toBe(2);
}, 240_000);

it('says so where the workspace does not know the adapter', async () => {
  const backend = await importedBackend();
  const { dir, modelFolder, source } = backend;
  const { adapter } = await backend.call('adapters/read', { id: source.id });
  const other = await testBackend();
  const { status, stderr } = await graft([
    ...['merge', '--model', modelFolder, '--adapter', adapter.folder],
    ...['--output', path.join(dir, 'merged'), '--workspace', other.dir],
  ]);
  expect(status).toBe(0);
  expect(stderr).toContain('does not know what this was made of');
  expect((await other.call('exports/list', {})).exports).toEqual([]);
}, 240_000);
