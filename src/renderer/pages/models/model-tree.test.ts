import { describe, expect, it } from 'vitest';
import type { TreeNode } from '../../../shared/contract/models.ts';
import { foldedLayers, loadingLines, treeLines } from './model-tree.ts';

const node = (path: string, depth: number): TreeNode => ({
  path,
  name: path.split('.').at(-1) ?? path,
  type: 'Module',
  depth,
  parameters: 1,
  shape: null,
  adaptable: false,
  newlyInitialized: false,
});
const tree = [
  node('encoder', 0),
  node('encoder.layer', 1),
  node('encoder.layer.0', 2),
  node('encoder.layer.0.query', 3),
  node('encoder.layer.0.value', 3),
  node('encoder.layer.1', 2),
  node('encoder.layer.1.query', 3),
  node('classifier', 0),
];

describe('the tree of a model', () => {
  it('marks what an adapter touches, and counts it in every module above', () => {
    const lines = treeLines(tree, {
      targets: ['encoder.layer.0.query', 'encoder.layer.1.query'],
      saved: ['classifier'],
      unmatched: [],
      trainable: 1,
      all: 2,
      trainablePercent: 50,
      bytes: 1,
    });
    expect(lines.map(({ touch, touched }) => [touch, touched])).toEqual([
      ['none', 2],
      ['none', 2],
      ['none', 1],
      ['adapted', 1],
      ['none', 0],
      ['none', 1],
      ['adapted', 1],
      ['saved', 1],
    ]);
  });
  it('marks nothing without a preset', () => {
    expect(treeLines(tree, null).every(({ touched }) => touched === 0)).toBe(true);
  });
  it('starts with the layers after the first folded', () => {
    expect(foldedLayers(tree)).toEqual(['encoder.layer.1']);
  });
});

it('what a checkpoint has otherwise than its model is a line a kind', () => {
  expect(loadingLines(null)).toEqual([]);
  const unexpected = Array.from({ length: 14 }, (_, i) => `t${i}`);
  const mismatched = [{ name: 'classifier.bias', found: [3], expected: [5] }];
  expect(loadingLines({ missing: ['pooler.dense.bias'], mismatched, unexpected })).toEqual([
    { about: 'Not in the checkpoint, drawn and trained', names: 'pooler.dense.bias' },
    {
      about: 'Of another shape in the checkpoint, drawn and trained',
      names: 'classifier.bias (3 instead of 5)',
    },
    {
      about: 'In the checkpoint, not used',
      names: 't0, t1, t2, t3, t4, t5, t6, t7, t8, t9, t10, t11 and 2 more',
    },
  ]);
});
