import type { Graph, Tensor, Variable } from '../graph/graph.ts';
import { binary, reshape } from '../graph/ops/raw.ts';
import { elements, groupBySize } from '../models/parameters.ts';

/**
 * Adds signatures that give each parameter's checksum: the bits of all its variables, summed as 32-bit integers that
 * wrap around. The sum does not depend on the order that threads add in, and one changed value always changes it.
 */
export function addChecksums(g: Graph, parameters: ReadonlyMap<string, readonly Variable[]>): string[] {
  const bytes = (variables: readonly Variable[]): number =>
    variables.reduce((sum, { shape }) => sum + 4 * elements(shape), 0);
  return groupBySize([...parameters], ([, variables]) => bytes(variables)).map((group, number) => {
    const signature = `checksum_${number}`;
    const outputs = group.map(([name, variables]) => {
      const sums = variables.map((variable) => sum(g, bits(g, variable)));
      return [name, sums.reduce((a, b) => binary(g, 'AddV2', a, b))] as const;
    });
    g.signature(signature, {}, Object.fromEntries(outputs));
    return signature;
  });
}

/** The values' bits as int32, without a copy where the type allows it. */
function bits(g: Graph, variable: Variable): Tensor {
  const value = g.read(variable);
  const count = elements(variable.shape);
  if (variable.dtype === 'float32') return bitcast(g, value, variable.shape);
  if (count % 2 === 0) return bitcast(g, reshape(g, value, [count / 2, 2]), [count / 2]);
  const attributes = {
    SrcT: { type: 'bfloat16' },
    DstT: { type: 'float32' },
    Truncate: { bool: false },
  } as const;
  return bitcast(g, g.op('Cast', [value], attributes, { dtype: 'float32', shape: [count] }), [count]);
}

function bitcast(g: Graph, value: Tensor, shape: readonly number[]): Tensor {
  const attributes = { T: { type: value.dtype }, type: { type: 'int32' } } as const;
  return g.op('Bitcast', [value], attributes, { dtype: 'int32', shape });
}

function sum(g: Graph, words: Tensor): Tensor {
  const flat = reshape(g, words, [-1]);
  const attributes = { T: { type: 'int32' }, Tidx: { type: 'int32' }, keep_dims: { bool: false } } as const;
  return g.op('Sum', [flat, g.ints(0)], attributes, { dtype: 'int32', shape: [] });
}
