import { gradients } from '../graph/gradients.ts';
import { Graph, type Tensor } from '../graph/graph.ts';
import { binary, reduce } from '../graph/ops/raw.ts';
import { reachable } from '../graph/saved-model.ts';
import type { BaseModel } from '../models/base-model.ts';
import { Layers, type LayersOptions } from '../models/layers.ts';
import { Parameters } from '../models/parameters.ts';
import { tokenInputs, type TokenInputs } from '../models/token-inputs.ts';

/** A model as a function of its word embeddings, on the straight way from an empty text's to a text's own. */
export interface PathGraph {
  graph: Graph;
  inputs: TokenInputs;
  /** Parameter names by loading signature. */
  loading: ReadonlyMap<string, string[]>;
}

/**
 * Signature `path`: `ids` of the text, `empty` [T] (the ids of the empty text) and `share` [T,1] (how far along each
 * token is) in; `logits` [b, labels] out, and `along` [T]: the slope of the logit that `target` [b, labels] picks, along
 * each token's way. Plain operations: the fused ones have no gradient.
 */
export function pathGraph(base: BaseModel): PathGraph {
  const g = new Graph();
  const { encoder, architecture, head } = base;
  const parameters = new Parameters(g, base.parameters, new Set());
  const inputs = tokenInputs(g, 'path', { kind: 'grouped', groups: 1 }, encoder.config.heads);
  const empty = g.placeholder('path/empty', 'int32', [-1]);
  const share = g.placeholder('path/share', 'float32', [-1, 1]);
  const target = g.placeholder('path/target', 'float32', [-1, head.outputs]);
  const options = { graph: g, parameters, compute: 'float32', fused: false } as const;
  const layers = new PathLayers(options, { table: architecture.names.words, empty, share });
  const logits = encoder.output(layers, inputs.batch);
  const { point, way } = layers.words;
  const [slope] = gradients(g, logits, target, [point]);
  const along = reduce(g, 'Sum', binary(g, 'Mul', slope!, way), -1, false);
  g.signature('path', { ...inputs.placeholders, empty, share, target }, { logits, along });
  return { graph: g, inputs, loading: parameters.addLoading(reachable(g)) };
}

/** Looks words up somewhere on the way between two texts; all else is the model's own. */
class PathLayers extends Layers {
  private readonly between: { table: string; empty: Tensor; share: Tensor };
  private found: { point: Tensor; way: Tensor } | undefined;

  constructor(options: LayersOptions, between: PathLayers['between']) {
    super(options);
    this.between = between;
  }

  /** Where the words are [T,H], and the whole way there from the empty text. */
  get words(): { point: Tensor; way: Tensor } {
    if (!this.found) throw new Error('The model looks no words up.');
    return this.found;
  }

  override embedding(path: string, ids: Tensor): Tensor {
    if (!path.endsWith(this.between.table)) return super.embedding(path, ids);
    const g = this.graph;
    const start = super.embedding(path, this.between.empty);
    const way = binary(g, 'Sub', super.embedding(path, ids), start);
    const point = binary(g, 'AddV2', start, binary(g, 'Mul', way, this.between.share));
    point.differentiable = true;
    this.found = { point, way };
    return point;
  }
}
