import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { faultOf } from '../../engine/formats/test-support.ts';
import { goldenBert } from '../../engine/models/test-support.ts';
import { changedAdapter, fieldsOf } from '../../engine/peft/test-support.ts';
import { checkAdapter } from './check-adapter.ts';

const model = { folder: goldenBert(), name: 'bert', hubId: null, sha256: null };

it('an adapter of another task is not imported, and is called what it is', async () => {
  const folder = await changedAdapter('lora-qv', () => undefined);
  const file = path.join(folder, 'adapter_config.json');
  const fields = await fieldsOf(file);
  await writeFile(file, JSON.stringify({ ...fields, task_type: 'TOKEN_CLS' }));
  const { message } = await faultOf(() => checkAdapter({ folder, model }));
  expect(message).toBe(
    `The adapter is of a token classifier, which labels each token (${file}: task_type is "TOKEN_CLS").`,
  );
  const config = await fieldsOf(path.join(goldenBert(), 'config.json'));
  await writeFile(file, JSON.stringify(fields));
  const problem = { ...config, problem_type: 'multi_label_classification' };
  await writeFile(path.join(folder, 'config.json'), JSON.stringify(problem));
  expect((await faultOf(() => checkAdapter({ folder, model }))).message).toContain(
    'of a multi-label classifier',
  );
});

it('an adapter of which a sharded training kept its part alone is called that', async () => {
  const folder = await changedAdapter('lora-qv', (tensors) => {
    for (const name of tensors.keys()) tensors.set(name, { shape: [0], data: new Float32Array() });
    // The head is gathered, as PEFT does with modules_to_save.
    tensors.set('base_model.model.classifier.bias', { shape: [5], data: new Float32Array(5) });
  });
  const { message } = await faultOf(() => checkAdapter({ folder, model }));
  expect(message).toContain('saved by one process of a sharded training');
});
