import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { testBackend } from '../test-support.ts';
import { addModel, importGolden } from './test-support.ts';

it('an adapter whose adapter_config.json is damaged is listed beside the others', async () => {
  const backend = await testBackend();
  const { modelId } = await addModel(backend);
  const { id, folder } = await importGolden(backend, modelId, 'lora-qv');
  // As a workspace from before labels were kept.
  backend.context.db.prepare(`UPDATE adapters SET facts = '{}'`).run();
  await writeFile(path.join(folder, 'adapter_config.json'), '{"r": 8');
  const { adapters } = await backend.call('adapters/list', {});
  expect(adapters).toMatchObject([{ id, rank: null, labels: [], present: true }]);
});

it('a name of spaces alone is refused', async () => {
  const backend = await testBackend();
  const { modelId } = await addModel(backend);
  const { id, name } = await importGolden(backend, modelId, 'lora-qv');
  await expect(backend.call('adapters/update', { id, name: '  ' })).rejects.toThrow('name');
  expect((await backend.call('adapters/read', { id })).adapter.name).toBe(name);
});

it('what full fine-tuning left is no adapter: it is not listed, and still read by whoever knows it', async () => {
  const backend = await testBackend();
  const { modelId } = await addModel(backend);
  const { id } = await importGolden(backend, modelId, 'lora-qv');
  const full = await importGolden(backend, modelId, 'rslora');
  backend.context.db.prepare(`UPDATE adapters SET peft_type = 'FULL' WHERE id = ?`).run(full.id);
  expect((await backend.call('adapters/list', {})).adapters.map((one) => one.id)).toEqual([id]);
  expect((await backend.call('adapters/read', { id: full.id })).adapter.peftType).toBe('FULL');
});
