import type { AdapterPreview, TreeNode } from '../../../shared/contract.ts';

/** What a preset does to a module. */
export type Touch = 'adapted' | 'saved' | 'none';
export interface TreeLine extends TreeNode {
  touch: Touch;
  /** Modules at or below it that the adapter touches. */
  touched: number;
}

/** The tree with what an adapter would touch marked in place. */
export function treeLines(tree: readonly TreeNode[], preview: AdapterPreview | null): TreeLine[] {
  const targets = new Set(preview?.targets ?? []);
  const saved = new Set(preview?.saved ?? []);
  const lines = tree.map((node): TreeLine => {
    const isSaved = saved.has(node.path) || saved.has(node.name);
    const touch = targets.has(node.path) ? 'adapted' : isSaved ? 'saved' : 'none';
    return { ...node, touch, touched: touch === 'none' ? 0 : 1 };
  });
  // From the last line up: a module adds what is touched in it to the one that holds it.
  const open: number[] = [];
  const holder = lines.map(({ depth }, at) => {
    open.length = Math.min(open.length, depth);
    const above = open.at(-1);
    open.push(at);
    return above;
  });
  for (let at = lines.length - 1; at >= 0; at--) {
    const above = holder[at];
    if (above !== undefined) lines[above]!.touched += lines[at]!.touched;
  }
  return lines;
}

/** Layers after the first start folded: they are alike. */
export const foldedLayers = (tree: readonly TreeNode[]): string[] =>
  tree.filter(({ name }) => /^[1-9]\d*$/.test(name)).map(({ path }) => path);
