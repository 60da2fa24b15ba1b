import { gradients } from '../graph/gradients.ts';
import { Graph, type Feeds, type Tensor } from '../graph/graph.ts';
import { binary, reduce, unary } from '../graph/ops/raw.ts';
import { reachable } from '../graph/saved-model.ts';
import { loadParameters, Session } from '../graph/session.ts';
import type { BaseModel } from '../models/base-model.ts';
import type { EncodedText } from '../models/batch.ts';
import { Layers, type LayersOptions } from '../models/layers.ts';
import { Parameters } from '../models/parameters.ts';
import { tokenInputs, type TokenInputs } from '../models/token-inputs.ts';
import { openAdaptedModel } from '../predict.ts';
import { adaptedValue } from '../peft/adapter.ts';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.ts';

export interface Attributions {
  /** What each token adds to the logit. */
  values: Float64Array;
  /** The logit of the text less that of the empty text: what the values should add up to. */
  difference: number;
  /** Points on the way at which the slope was taken. */
  steps: number;
  /** The token that the empty text is made of. */
  empty: number;
}

/** Ids of tokens that say nothing. */
type Wordless = Pick<TextTokenizer, 'maskId' | 'unknownId'>;

interface PathQuestion {
  text: EncodedText;
  label: number;
  isWord: readonly boolean[];
  signal: AbortSignal | undefined;
}

/** Most points taken first, fewer for a long text: so many tokens in all. */
const FIRST_STEPS = 32;
const FIRST_TOKENS = 4096;
/** So many times more where the sum then misses the difference by more than `CLOSE`. */
const MORE = 4;
/** A share of the difference, or of 1 where that is less. */
const CLOSE = 0.01;
/** All that a gradient needs of a batch stays in memory. */
const PATH_TOKENS = 1024;

/**
 * Integrated gradients (Sundararajan, Taly, Yan 2017) of a logit over the word embeddings, from an empty text: the same
 * text with one token that says nothing instead of each of its own. Holds the model a second time, in float32.
 */
export class IntegratedGradients {
  private readonly session: Session;
  private readonly path: PathGraph;
  private readonly labels: number;
  private readonly empty: number;

  private constructor(session: Session, path: PathGraph, labels: number, wordless: readonly number[]) {
    this.session = session;
    this.path = path;
    this.labels = labels;
    this.empty = wordless.find((id) => this.isSmoothAt(id)) ?? wordless[0]!;
  }

  /** Throws as `openPredictor` does. */
  static async open(
    model: string,
    adapterFolder: string | undefined,
    { maskId, unknownId }: Wordless,
  ): Promise<IntegratedGradients> {
    const { base, adapter } = await openAdaptedModel(model, adapterFolder, 'sequence');
    try {
      const path = pathGraph(base);
      const session = await Session.open(path.graph);
      await loadParameters(session, path.loading, (name) => adaptedValue(base, adapter, name));
      const { vocab_size: size, pad_token_id: padding } = base.config;
      const wordless = [padding ?? 0, maskId, unknownId].flatMap((id) =>
        id !== null && id < size ? [id] : [],
      );
      return new IntegratedGradients(session, path, base.head.outputs, wordless);
    } finally {
      await base.close();
    }
  }

  /**
   * `label`: index of the logit; `isWord`: the tokens that are the text's own, not [CLS] or [SEP]. Gives way to other
   * work now and then; throws the reason of `signal`.
   */
  async attribute(
    text: EncodedText,
    label: number,
    isWord: readonly boolean[],
    signal?: AbortSignal,
  ): Promise<Attributions> {
    const at = (points: readonly QuadraturePoint[]) => this.along({ text, label, isWord, signal }, points);
    const ends = await at([
      { at: 0, weight: 0 },
      { at: 1, weight: 0 },
    ]);
    const difference = ends.logits[1]! - ends.logits[0]!;
    const first = Math.max(8, Math.min(FIRST_STEPS, Math.floor(FIRST_TOKENS / text.inputIds.length)));
    let steps = first;
    let { values } = await at(gaussLegendre(steps));
    const sum = values.reduce((total, value) => total + value, 0);
    if (Math.abs(sum - difference) > CLOSE * Math.max(1, Math.abs(difference))) {
      steps = MORE * first;
      ({ values } = await at(gaussLegendre(steps)));
    }
    return { values, difference, steps, empty: this.empty };
  }

  close(): void {
    this.session.close();
  }

  /** Whether slopes show what words change on the way from this token: a norm jumps where nothing but noughts enter it. */
  private isSmoothAt(id: number): boolean {
    const text = { inputIds: Int32Array.of(id) };
    const { feeds } = this.path.inputs.feeds([text]);
    const at = { at: 1, weight: 0 };
    const found = this.session.run('path', { ...feeds, ...this.feedsAt(text, 0, [false], [at], feeds) });
    return found['entering']![0]! > 0;
  }

  /** The weighted slopes of each token at these points, and the logit at each. */
  private async along(
    { text, label, isWord, signal }: PathQuestion,
    points: readonly QuadraturePoint[],
  ): Promise<{ values: Float64Array; logits: number[] }> {
    const { length } = text.inputIds;
    const values = new Float64Array(length);
    const logits: number[] = [];
    const atOnce = Math.max(1, Math.floor(PATH_TOKENS / length));
    for (let from = 0; from < points.length; from += atOnce) {
      await new Promise(setImmediate);
      signal?.throwIfAborted();
      const part = points.slice(from, from + atOnce);
      const { feeds } = this.path.inputs.feeds(part.map(() => text));
      const found = this.session.run('path', { ...feeds, ...this.feedsAt(text, label, isWord, part, feeds) });
      part.forEach(({ weight }, i) => {
        logits.push(found['logits']![i * this.labels + label]!);
        for (let j = 0; j < length; j++) values[j]! += weight * found['along']![i * length + j]!;
      });
    }
    return { values, logits };
  }

  private feedsAt(
    text: EncodedText,
    label: number,
    isWord: readonly boolean[],
    points: readonly QuadraturePoint[],
    feeds: Feeds,
  ): Feeds {
    const tokens = (feeds['ids'] as Int32Array).length;
    const { length } = text.inputIds;
    const empty = new Int32Array(tokens);
    const share = new Float32Array(tokens);
    const target = new Float32Array(points.length * this.labels);
    points.forEach(({ at }, i) => {
      empty.set(
        text.inputIds.map((id, j) => (isWord[j] ? this.empty : id)),
        i * length,
      );
      share.fill(at, i * length, (i + 1) * length);
      target[i * this.labels + label] = 1;
    });
    return {
      empty,
      share: { shape: [tokens, 1], data: share },
      target: { shape: [points.length, this.labels], data: target },
    };
  }
}

/** A model as a function of its word embeddings, on the straight way from an empty text's to a text's own. */
interface PathGraph {
  graph: Graph;
  inputs: TokenInputs;
  /** Parameter names by loading signature. */
  loading: ReadonlyMap<string, string[]>;
}

/**
 * Signature `path`: `ids` of the text, `empty` [T] (the ids of the empty text) and `share` [T,1] (how far along each
 * token is) in; `logits` [b, labels] out, `along` [T]: the slope of the logit that `target` [b, labels] picks, along each
 * token's way, and `entering` [T]: the sum of sizes that the first norm takes. Plain operations: the fused ones have
 * no gradient.
 */
function pathGraph(base: BaseModel): PathGraph {
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
  const entering = reduce(g, 'Sum', unary(g, 'Abs', layers.entering), -1, false);
  const [slope] = gradients(g, logits, target, [point]);
  const along = reduce(g, 'Sum', binary(g, 'Mul', slope!, way), -1, false);
  g.signature('path', { ...inputs.placeholders, empty, share, target }, { logits, along, entering });
  return { graph: g, inputs, loading: parameters.addLoading(reachable(g)) };
}

/** Looks words up somewhere on the way between two texts; all else is the model's own. */
class PathLayers extends Layers {
  private readonly between: { table: string; empty: Tensor; share: Tensor };
  private found: { point: Tensor; way: Tensor } | undefined;
  private normed: Tensor | undefined;

  constructor(options: LayersOptions, between: PathLayers['between']) {
    super(options);
    this.between = between;
  }

  /** Where the words are [T,H], and the whole way there from the empty text. */
  get words(): { point: Tensor; way: Tensor } {
    if (!this.found) throw new Error('The model looks no words up.');
    return this.found;
  }

  /** What the first norm takes that words pass [T,·]. */
  get entering(): Tensor {
    return this.normed ?? this.words.point;
  }

  override norm(path: string, x: Tensor, epsilon: number, kind?: 'layer' | 'rms'): Tensor {
    if (this.found) this.normed ??= x;
    return super.norm(path, x, epsilon, kind);
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

/** A point on the way from 0 to 1, and its share of the integral. */
interface QuadraturePoint {
  at: number;
  weight: number;
}

/**
 * Gauss-Legendre quadrature on [0, 1] with `count` points; exact for polynomials of degree 2·count - 1. The roots of
 * the Legendre polynomial by Newton's method (Press et al., Numerical Recipes, `gauleg`).
 */
export function gaussLegendre(count: number): QuadraturePoint[] {
  return Array.from({ length: count }, (_, i) => {
    let x = Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let round = 0; round < 100; round++) {
      let [value, before] = [1, 0];
      for (let degree = 1; degree <= count; degree++) {
        [value, before] = [((2 * degree - 1) * x * value - (degree - 1) * before) / degree, value];
      }
      slope = (count * (x * value - before)) / (x * x - 1);
      const step = value / slope;
      x -= step;
      if (Math.abs(step) < 1e-15) break;
    }
    return { at: (1 - x) / 2, weight: 1 / ((1 - x * x) * slope * slope) };
  });
}
