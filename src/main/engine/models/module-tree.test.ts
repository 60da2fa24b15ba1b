import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { golden } from '../formats/test-support.ts';
import { layerNorm, linear, module, printTree, walk } from './module-tree.ts';
import { goldenArchitectures, openedModel } from './test-support.ts';

describe('a printed module tree', () => {
  it.each(goldenArchitectures)('of %s is what print(model) gives in transformers', async (name) => {
    const folder = path.join(golden, 'seed1/models', name);
    let printed = '';
    for (const head of ['sequence', 'tokens', 'none'] as const)
      printed += `${printTree((await openedModel(folder, { head })).tree)}\n`;
    const expected = await readFile(
      path.join(import.meta.dirname, 'fixtures/printed', `${name}.txt`),
      'utf8',
    );
    expect(printed).toBe(expected);
  });

  const layer = (name: string): ReturnType<typeof module> => module(name, 'Layer', [linear('dense', 2, 3)]);
  const list = module('', 'Model', [module('layer', 'ModuleList', ['0', '1', '2', '3'].map(layer))]);

  it('shows equal neighbours of a list once, with how many there are', () => {
    expect(printTree(list)).toBe(
      [
        'Model(',
        '  (layer): ModuleList(',
        '    (0-3): 4 x Layer(',
        '      (dense): Linear(in_features=2, out_features=3, bias=True)',
        '    )',
        '  )',
        ')',
      ].join('\n'),
    );
  });

  it('marks modules, and keeps apart what is marked differently', () => {
    const marked = printTree(list, (place) => (place === 'layer.2.dense' ? 'LoRA r=8' : undefined));
    expect(marked).toBe(
      [
        'Model(',
        '  (layer): ModuleList(',
        '    (0-1): 2 x Layer(',
        '      (dense): Linear(in_features=2, out_features=3, bias=True)',
        '    )',
        '    (2): Layer(',
        '      (dense): Linear(in_features=2, out_features=3, bias=True)  <- LoRA r=8',
        '    )',
        '    (3): Layer(',
        '      (dense): Linear(in_features=2, out_features=3, bias=True)',
        '    )',
        '  )',
        ')',
      ].join('\n'),
    );
    expect(printTree(list, (place) => (place === 'layer' ? 'here' : undefined))).toContain(
      '(layer): ModuleList(  <- here',
    );
  });

  it.each([
    [1e-12, '1e-12'],
    [1e-5, '1e-05'],
    [0.00001234, '1.234e-05'],
    [0.001, '0.001'],
    [1, '1.0'],
  ])('writes %d as Python does', (epsilon, text) => {
    expect(printTree(layerNorm('', 8, epsilon))).toBe(
      `LayerNorm((8,), eps=${text}, elementwise_affine=True, bias=True)`,
    );
  });

  it('lists every module with its path, parents first', () => {
    expect([...walk(module('', 'Model', [layer('a'), layer('b')]))].map(({ path: place }) => place)).toEqual([
      ...['', 'a', 'a.dense', 'b', 'b.dense'],
    ]);
  });
});
