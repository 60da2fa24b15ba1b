import type { ParameterSpec } from './parameters.ts';

/** A module of a model as PyTorch would print it, with the parameters it owns itself. */
export interface ModuleNode {
  /** Its name inside its parent; empty for the model. */
  name: string;
  /** The class in transformers or torch.nn. */
  type: string;
  /** What stands in the brackets of a leaf. */
  detail?: string;
  /** The row of an embedding table that stands for padding. */
  padding?: number;
  parameters?: readonly { name: string; shape: readonly number[] }[];
  children?: readonly ModuleNode[];
}

export const module = (name: string, type: string, children: readonly ModuleNode[]): ModuleNode => ({
  name,
  type,
  children,
});

export const linear = (name: string, inFeatures: number, outFeatures: number, bias = true): ModuleNode => ({
  name,
  type: 'Linear',
  detail: `in_features=${inFeatures}, out_features=${outFeatures}, bias=${pythonBoolean(bias)}`,
  parameters: [
    { name: 'weight', shape: [outFeatures, inFeatures] },
    ...(bias ? [{ name: 'bias', shape: [outFeatures] }] : []),
  ],
});

export const layerNorm = (name: string, size: number, epsilon: number, bias = true): ModuleNode => ({
  name,
  type: 'LayerNorm',
  detail: `(${size},), eps=${pythonFloat(epsilon)}, elementwise_affine=True, bias=${pythonBoolean(bias)}`,
  parameters: [{ name: 'weight', shape: [size] }, ...(bias ? [{ name: 'bias', shape: [size] }] : [])],
});

/** `type`: its class in transformers. */
export const rmsNorm = (name: string, type: string, size: number, epsilon: number): ModuleNode => ({
  ...{ name, type, detail: `(${size},), eps=${pythonFloat(epsilon)}` },
  parameters: [{ name: 'weight', shape: [size] }],
});

export const embedding = (name: string, rows: number, size: number, padding?: number | null): ModuleNode => ({
  name,
  type: 'Embedding',
  detail: `${rows}, ${size}${padding == null ? '' : `, padding_idx=${padding}`}`,
  ...(padding == null ? {} : { padding }),
  parameters: [{ name: 'weight', shape: [rows, size] }],
});

export const dropout = (name: string, p: number): ModuleNode => ({
  name,
  type: 'Dropout',
  detail: `p=${pythonFloat(p)}, inplace=False`,
});

/** The class of an activation by its name in transformers' `ACT2FN`, as far as `activations` has it. */
const activationClasses: Readonly<Record<string, string>> = {
  gelu: 'GELUActivation',
  gelu_python: 'GELUActivation',
  gelu_new: 'NewGELUActivation',
  gelu_fast: 'FastGELUActivation',
  gelu_pytorch_tanh: 'GELUTanh',
  relu: 'ReLU',
  silu: 'SiLUActivation',
  swish: 'SiLUActivation',
  tanh: 'Tanh',
};
export const activation = (name: string, act: string): ModuleNode => ({
  name,
  type: activationClasses[act]!,
});

export interface PlacedModule {
  path: string;
  node: ModuleNode;
}

/** Every module with its dotted path, parents first, in PyTorch's order. */
export function* walk(root: ModuleNode, path = ''): Generator<PlacedModule> {
  yield { path, node: root };
  for (const child of root.children ?? []) yield* walk(child, path ? `${path}.${child.name}` : child.name);
}

/** Every parameter by its checkpoint name. */
export function parameterSpecs(root: ModuleNode): ParameterSpec[] {
  return [...walk(root)].flatMap(({ path, node }) =>
    (node.parameters ?? []).map(({ name, shape }) => ({ name: `${path}.${name}`, shape })),
  );
}

/**
 * What `print(model)` gives. `mark` adds a remark behind a module's line; equal neighbours in a list are printed once.
 */
export function printTree(
  root: ModuleNode,
  mark: (path: string) => string | undefined = () => undefined,
): string {
  return lines(root, '', root.type, mark).join('\n');
}

function lines(
  node: ModuleNode,
  path: string,
  title: string,
  mark: (path: string) => string | undefined,
): string[] {
  const remark = mark(path);
  const behind = remark ? `  <- ${remark}` : '';
  if (!node.children || node.children.length === 0) return [`${title}(${node.detail ?? ''})${behind}`];
  const inner =
    node.type === 'ModuleList'
      ? collapsed(node, path, mark)
      : node.children.map((child) => [child, ''] as const);
  const body = inner.flatMap(([child, range]) => {
    const label = range || `(${child.name}): `;
    const below = lines(child, path ? `${path}.${child.name}` : child.name, `${label}${child.type}`, mark);
    return below.map((line) => `  ${line}`);
  });
  return [`${title}(${behind}`, ...body, ')'];
}

/** Runs of list items that print alike, with the label that PyTorch gives them. */
function collapsed(
  list: ModuleNode,
  path: string,
  mark: (path: string) => string | undefined,
): (readonly [ModuleNode, string])[] {
  const runs: { first: ModuleNode; last: string; count: number; text: string }[] = [];
  for (const child of list.children ?? []) {
    const text = lines(child, `${path}.${child.name}`, child.type, mark).join('\n');
    const run = runs.at(-1);
    if (run?.text === text) {
      run.last = child.name;
      run.count++;
    } else runs.push({ first: child, last: child.name, count: 1, text });
  }
  return runs.map(
    ({ first, last, count }) => [first, count === 1 ? '' : `(${first.name}-${last}): ${count} x `] as const,
  );
}

const pythonBoolean = (value: boolean): string => (value ? 'True' : 'False');

/** A float as Python prints it: 1e-12, 0.1, 1e-05. */
function pythonFloat(value: number): string {
  const text = String(value);
  const match = /^(.*)e([+-])(\d)$/.exec(text);
  if (match) return `${match[1]!}e${match[2]!}0${match[3]!}`;
  if (value !== 0 && Math.abs(value) < 1e-4) return value.toExponential().replace(/e-(\d)$/, 'e-0$1');
  return Number.isInteger(value) ? `${text}.0` : text;
}
