import { describe, expect, it } from 'vitest';
import type { TreeNode } from '../../../shared/contract/models.ts';
import {
  foldModules,
  targetsOf,
  tickOf,
  tickable,
  toggleModule,
  type FoldedModule,
} from './module-folding.ts';

function bert(layers: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  const add = (path: string, type: string, parameters: number, more: Partial<TreeNode> = {}) =>
    nodes.push({
      path,
      name: path.split('.').at(-1)!,
      type,
      depth: path.split('.').length - 1,
      parameters,
      shape: null,
      adaptable: type === 'Linear',
      newlyInitialized: false,
      ...more,
    });
  add('bert', 'BertModel', 1000);
  add('bert.embeddings', 'BertEmbeddings', 500);
  add('bert.embeddings.word_embeddings', 'Embedding', 500);
  add('bert.encoder', 'BertEncoder', 400);
  add('bert.encoder.layer', 'ModuleList', 400);
  for (let i = 0; i < layers; i += 1) {
    const layer = `bert.encoder.layer.${i}`;
    add(layer, 'BertLayer', 100);
    add(`${layer}.attention`, 'BertAttention', 60);
    add(`${layer}.attention.self`, 'BertSelfAttention', 50);
    for (const name of ['query', 'key', 'value']) add(`${layer}.attention.self.${name}`, 'Linear', 10);
    add(`${layer}.attention.output`, 'BertSelfOutput', 10);
    add(`${layer}.attention.output.dense`, 'Linear', 9);
    add(`${layer}.attention.output.LayerNorm`, 'LayerNorm', 1);
    add(`${layer}.output`, 'BertOutput', 10);
    add(`${layer}.output.dense`, 'Linear', 9);
    add(`${layer}.output.dropout`, 'Dropout', 0);
  }
  add('bert.pooler', 'BertPooler', 20);
  add('bert.pooler.dense', 'Linear', 20);
  add('classifier', 'Linear', 6, { newlyInitialized: true });
  return nodes;
}

const labels = (modules: FoldedModule[]): string[] =>
  modules.flatMap((one) => [one.label, ...labels(one.children)]);
const line = (modules: FoldedModule[], end: string) =>
  tickable(modules).find(({ paths }) => paths[0]!.endsWith(end))!;

describe('the module tree', () => {
  const modules = foldModules(bert(6));
  const paths = tickable(modules).flatMap((one) => one.paths);

  it('shows repeated layers once and joins chains of single modules', () => {
    expect(labels(modules)).toEqual([
      'bert',
      'embeddings',
      'encoder.layer 0–5',
      'attention',
      'self',
      'query',
      'key',
      'value',
      'output.dense',
      'output.dense',
      'pooler.dense',
      'classifier',
    ]);
  });

  it('stands for the module of every layer, and never for the new head', () => {
    expect(line(modules, 'query').paths).toHaveLength(6);
    expect(paths).not.toContain('classifier');
  });

  it('finds what target_modules touches as PEFT does', () => {
    expect(targetsOf(['query', 'value'], paths).size).toBe(12);
    expect(targetsOf('all-linear', paths).size).toBe(paths.length);
    expect(targetsOf('.*\\.(query|key)', paths).size).toBe(12);
    expect(targetsOf('(', paths).size).toBe(0);
    expect(targetsOf(['uery'], paths).size).toBe(0);
  });

  it('names what was ticked as shortly as it stays exact', () => {
    const ticked = targetsOf(['query'], paths);
    expect(toggleModule(modules, ticked, line(modules, 'value'))).toEqual(['query', 'value']);
    expect(toggleModule(modules, targetsOf(['query', 'value'], paths), line(modules, 'query'))).toEqual([
      'value',
    ]);
    expect(toggleModule(modules, new Set(), line(modules, 'attention.output.dense'))).toEqual([
      'attention.output.dense',
    ]);
    const output = tickable(modules).find(({ paths: own }) => /layer\.0\.output\.dense/.test(own[0]!))!;
    const names = toggleModule(modules, new Set(), output);
    expect([...targetsOf(names, paths)].sort()).toEqual(output.paths.toSorted());
  });

  it('shows a line as partly ticked where only some layers are', () => {
    const query = line(modules, 'query');
    expect(tickOf(query, targetsOf(['layer.0.attention.self.query'], paths))).toBe('some');
    expect(tickOf(query, targetsOf(['query'], paths))).toBe('all');
    expect(tickOf(query, new Set())).toBe('none');
  });

  it('keeps layers apart that differ', () => {
    const nodes = bert(3);
    const odd = nodes.filter(({ path }) => path !== 'bert.encoder.layer.2.output.dense');
    expect(labels(foldModules(odd)).filter((label) => label.startsWith('encoder'))).toEqual([
      'encoder.layer',
    ]);
    expect(labels(foldModules(odd))).toContain('0–1');
  });
});
