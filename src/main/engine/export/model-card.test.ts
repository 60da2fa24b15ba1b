import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { temporaryFolder } from '../formats/test-support.ts';
import { exported, goldenModel } from './test-support.ts';

/** Front matter and text of a card. */
async function card(folder: string): Promise<{ front: unknown; text: string }> {
  const text = await readFile(path.join(folder, 'README.md'), 'utf8');
  return { front: parse(/^---\n(.*?)\n---\n/s.exec(text)![1]!), text };
}

const snippetsSchema = z.object({
  snippets: z.array(
    z.object({ language: z.string(), output: z.string().nullable(), notRun: z.string().nullable() }),
  ),
});

it('a card says what is known: licence of the base, data, settings, accuracy with its interval, and snippets that were run', async () => {
  const dir = await temporaryFolder();
  const model = path.join(dir, 'bert');
  await cp(goldenModel, model, { recursive: true });
  await writeFile(path.join(model, 'README.md'), '---\nlicense: mit\ntags: [a]\n---\n# Base\n');
  const rows = path.join(dir, 'rows.jsonl');
  const lines = Array.from({ length: 20 }, (_, i) => JSON.stringify({ text: `row ${i}`, label: '1 star' }));
  await writeFile(rows, lines.join('\n'));
  const { output } = await exported(['onnx', 'peft'], {
    model,
    rows: { file: rows, labelColumn: 'label' },
    card: {
      name: 'Star rating',
      modelName: 'org/bert',
      dataName: 'Reviews | v2',
      settings: { learning_rate: 0.001, num_train_epochs: 3 },
    },
  });
  const onnx = await card(path.join(output, 'onnx'));
  expect(onnx.front).toMatchObject({
    license: 'mit',
    base_model: 'org/bert',
    library_name: 'transformers.js',
    pipeline_tag: 'text-classification',
    tags: ['onnx', 'graft'],
    metrics: ['accuracy'],
  });
  expect(onnx.text).toContain('# Star rating');
  expect(onnx.text).toContain('Trained on "Reviews | v2". Measured on 20 labelled rows.');
  expect(onnx.text).toContain('| learning_rate | 0.001 |');
  expect(onnx.text).toMatch(/\| this export \| [\d.]+ % \| [\d.]+ % to [\d.]+ % \|/);
  expect(onnx.text).toContain('mit, as the base org/bert.');
  expect((await card(path.join(output, 'peft'))).front).toMatchObject({
    library_name: 'peft',
    base_model_relation: 'adapter',
  });

  for (const target of ['onnx', 'peft']) {
    const proof: unknown = JSON.parse(await readFile(path.join(output, target, 'verification.json'), 'utf8'));
    const { snippets } = snippetsSchema.parse(proof);
    const node = snippets.find(({ language }) => language === 'node')!;
    expect(node.notRun).toBeNull();
    expect(node.output).toMatch(/label/);
    for (const { output: printed, notRun } of snippets) expect(printed === null).toBe(notRun !== null);
  }
}, 120_000);

it('a card makes nothing up, and does not say where the base lies on this machine', async () => {
  const { output } = await exported(['hf'], {
    card: { name: 'hf', modelName: goldenModel, dataName: null, settings: null },
  });
  const { front, text } = await card(path.join(output, 'hf'));
  expect(front).not.toHaveProperty('license');
  expect(front).not.toHaveProperty('base_model');
  expect(front).not.toHaveProperty('metrics');
  expect(text).toContain('The files of the base name no licence.');
  expect(text).toContain('Its accuracy was not measured when it was written.');
  expect(text).not.toContain(goldenModel);
});
