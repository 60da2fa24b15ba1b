import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectModel } from './inspect.ts';
import { changedModel, goldenBert } from './models/test-support.ts';
import { loraFields } from './peft/test-support.ts';

describe('a model that is inspected', () => {
  it('is printed as transformers prints it, with its parameters and labels', async () => {
    const report = await inspectModel(goldenBert());
    const printed = await readFile(
      path.join(import.meta.dirname, 'models/fixtures/printed/bert.txt'),
      'utf8',
    );
    expect(`${report.tree}\n`).toBe(printed.split('BertForTokenClassification')[0]);
    expect(report).toMatchObject({ parameters: 39_909, newly_initialized: [], adapter: null });
    expect(report.loading).toEqual({ missing: [], unexpected: [], mismatched: [] });
    expect(report.labels).toHaveLength(5);
  });

  it('shows what an adapter would touch, and its three figures', async () => {
    const adapter = { ...loraFields, layers_to_transform: [1], rank_pattern: { value: 2 } };
    const report = await inspectModel(goldenBert(), adapter);
    const marked = report.tree.split('\n').filter((line) => line.includes('<-'));
    expect(marked.map((line) => line.trim())).toEqual([
      '(query): Linear(in_features=32, out_features=32, bias=True)  <- LoRA r=4, scaling 2',
      '(value): Linear(in_features=32, out_features=32, bias=True)  <- LoRA r=2, scaling 4',
      '(classifier): Linear(in_features=32, out_features=5, bias=True)  <- trained and saved whole',
    ]);
    // The first layer is printed apart from the second, which is adapted.
    expect(report.tree).toContain('(0): BertLayer(');
    expect(report.adapter).toEqual({ trainable: 549, all: 40_458, trainable_percent: (100 * 549) / 40_458 });
  });

  it('shows what its checkpoint lacks', async () => {
    const folder = await changedModel({}, (tensors) => void tensors.delete('classifier.weight'));
    const report = await inspectModel(folder, undefined, ['ham', 'spam']);
    expect(report.newly_initialized).toEqual(['classifier.weight', 'classifier.bias']);
    expect(report.tree).toContain('out_features=2, bias=True)  <- newly initialised');
    expect(report.labels).toEqual(['ham', 'spam']);
  });
});
