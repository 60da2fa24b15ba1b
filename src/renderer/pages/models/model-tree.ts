import type { AdapterPreview, Loading, TreeNode } from '../../../shared/contract.ts';

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
    const isSaved = saved.has(node.path);
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

const MOST_NAMES = 12;

/** What the checkpoint has otherwise than its model, a line a kind; of many names the first. */
export function loadingLines(loading: Loading | null): { about: string; names: string }[] {
  const { missing = [], mismatched = [], unexpected = [] } = loading ?? {};
  const resized = mismatched.map(
    ({ name, found, expected }) => `${name} (${found.join(' × ')} instead of ${expected.join(' × ')})`,
  );
  const kinds: [string, string[]][] = [
    ['Not in the checkpoint, drawn and trained', missing],
    ['Of another shape in the checkpoint, drawn and trained', resized],
    ['In the checkpoint, not used', unexpected],
  ];
  return kinds
    .filter(([, names]) => names.length > 0)
    .map(([about, names]) => {
      const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
      return { about, names: names.slice(0, MOST_NAMES).join(', ') + more };
    });
}
