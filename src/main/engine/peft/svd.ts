import { Graph, type Tensor } from '../graph/graph.ts';
import { Session } from '../graph/session.ts';
import type { Svd } from './weighted-merge.ts';

/** TensorFlow's singular value decomposition. Close it when it is no longer needed. */
export async function openSvd(): Promise<{ svd: Svd; close: () => void }> {
  const g = new Graph();
  const matrix = g.placeholder('matrix', 'float32', [-1, -1]);
  const output = (shape: number[]) => ({ dtype: 'float32', shape }) as const;
  const attributes = {
    T: { type: 'float32' },
    compute_uv: { bool: true },
    full_matrices: { bool: false },
  } as const;
  const [s, u, v] = g.node('Svd', [matrix], attributes, [
    output([-1]),
    output([-1, -1]),
    output([-1, -1]),
  ]) as [Tensor, Tensor, Tensor];
  g.signature('svd', { matrix }, { s, u, v });
  const session = await Session.open(g);
  return {
    svd: (values, rows, columns) => {
      const result = session.run('svd', { matrix: { shape: [rows, columns], data: values } });
      return result as { s: Float32Array; u: Float32Array; v: Float32Array };
    },
    close: () => session.close(),
  };
}
