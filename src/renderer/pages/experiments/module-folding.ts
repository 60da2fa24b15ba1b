import type { TreeNode } from '../../../shared/contract.ts';

/** A module of the tree, or the same module of several layers in one line. */
export interface FoldedModule {
  key: string;
  /** "encoder.layer 0–5", "output.dense" */
  label: string;
  /** Paths of the modules that it stands for. */
  paths: string[];
  /** Of one of them. */
  parameters: number;
  /** Of the weight of one of them. */
  shape: number[] | null;
  adaptable: boolean;
  newlyInitialized: boolean;
  children: FoldedModule[];
}

interface Branch {
  node: TreeNode;
  children: Branch[];
}

function branches(tree: readonly TreeNode[]): Branch[] {
  const roots: Branch[] = [];
  const open: Branch[] = [];
  for (const node of tree) {
    const branch: Branch = { node, children: [] };
    open.length = Math.min(open.length, node.depth);
    (open.at(-1)?.children ?? roots).push(branch);
    open.push(branch);
  }
  return roots;
}

const signature = ({ node, children }: Branch): string =>
  `${node.type}${node.parameters}(${children.map((child) => child.node.name + signature(child)).join()})`;

const matters = ({ node, children }: Branch): boolean =>
  node.adaptable || node.newlyInitialized || children.some(matters);

/** Groups neighbours that are numbered and alike: the layers of an encoder. */
function groups(siblings: Branch[]): Branch[][] {
  const grouped: Branch[][] = [];
  for (const branch of siblings) {
    const last = grouped.at(-1);
    const alike = last && /^\d+$/.test(branch.node.name) && signature(last[0]!) === signature(branch);
    if (alike && /^\d+$/.test(last[0]!.node.name)) last.push(branch);
    else grouped.push([branch]);
  }
  return grouped;
}

function fold(same: Branch[], depth: number): FoldedModule | null {
  const first = same[0]!;
  if (!matters(first) && (depth > 1 || first.node.parameters === 0)) return null;
  const { node } = first;
  const last = same.at(-1)!.node.name;
  const own: FoldedModule = {
    key: node.path,
    label: last === node.name ? node.name : `${node.name}–${last}`,
    paths: same.map((branch) => branch.node.path),
    parameters: node.parameters,
    shape: node.shape,
    adaptable: node.adaptable,
    newlyInitialized: node.newlyInitialized,
    children: [],
  };
  if (!matters(first)) return own;
  const inner = groups(first.children);
  own.children = inner.flatMap((group) => {
    // The same child of each of the alike layers.
    const all = same.flatMap((branch) => group.map((one) => sameChild(branch, first, one)));
    const folded = fold(all, depth + 1);
    return folded ? [folded] : [];
  });
  const only = own.children[0];
  const lone = own.children.length === 1 && !own.adaptable && depth > 0;
  if (!lone || only === undefined) return own;
  const numbered = /^\d/.test(only.label);
  return { ...only, label: `${own.label}${numbered ? ' ' : '.'}${only.label}` };
}

const sameChild = (branch: Branch, first: Branch, child: Branch): Branch =>
  branch.children[first.children.indexOf(child)]!;

/**
 * The module tree as a person reads it: repeated layers in one line, chains of single modules joined, and what has
 * no weights or cannot be adapted deep inside left out.
 */
export function foldModules(tree: readonly TreeNode[]): FoldedModule[] {
  return groups(branches(tree)).flatMap((same) => fold(same, 0) ?? []);
}

/** The lines that can be ticked. */
export function tickable(modules: readonly FoldedModule[]): FoldedModule[] {
  return modules.flatMap((one) => [
    ...(one.adaptable && !one.newlyInitialized ? [one] : []),
    ...tickable(one.children),
  ]);
}

const named = (path: string, name: string): boolean => path === name || path.endsWith(`.${name}`);

/** Paths that `target_modules` touches, as PEFT matches them: by the end of the path, a pattern, or "all-linear". */
export function targetsOf(targetModules: unknown, paths: readonly string[]): Set<string> {
  if (targetModules === 'all-linear') return new Set(paths);
  if (typeof targetModules === 'string') {
    const pattern = regular(targetModules);
    return new Set(pattern ? paths.filter((path) => pattern.test(path)) : []);
  }
  const names = Array.isArray(targetModules) ? targetModules.filter((name) => typeof name === 'string') : [];
  return new Set(paths.filter((path) => names.some((name) => named(path, name))));
}

function regular(source: string): RegExp | null {
  try {
    return new RegExp(`^(?:${source})$`);
  } catch {
    return null;
  }
}

/** The shortest names that mean just these modules: "query", else longer ends of the path, else whole paths. */
function namesFor(module: FoldedModule, paths: readonly string[]): string[] {
  const parts = module.paths[0]!.split('.');
  for (let length = 1; length <= parts.length; length += 1) {
    const name = parts.slice(-length).join('.');
    const found = paths.filter((path) => named(path, name));
    if (found.length === module.paths.length && module.paths.every((path) => named(path, name)))
      return [name];
  }
  return module.paths;
}

/** `target_modules` once a line was ticked or unticked; `ticked`: the paths touched before. */
export function toggleModule(
  modules: readonly FoldedModule[],
  ticked: ReadonlySet<string>,
  module: FoldedModule,
): string[] {
  const lines = tickable(modules);
  const paths = lines.flatMap((line) => line.paths);
  const whole = (line: FoldedModule) => line.paths.every((path) => ticked.has(path));
  const chosen = lines.filter((line) => (line.key === module.key ? !whole(line) : whole(line)));
  return [...new Set(chosen.flatMap((line) => namesFor(line, paths)))];
}

/** Whether a line is ticked: all of its modules, none, or some. */
export function tickOf(module: FoldedModule, ticked: ReadonlySet<string>): 'all' | 'none' | 'some' {
  const count = module.paths.filter((path) => ticked.has(path)).length;
  return count === 0 ? 'none' : count === module.paths.length ? 'all' : 'some';
}
