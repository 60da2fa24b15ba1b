import type { Feeds } from '../graph/graph.ts';
import { loadParameters, Session } from '../graph/session.ts';
import type { EncodedText } from '../models/batch.ts';
import { openAdaptedModel } from '../predict.ts';
import { adaptedValue } from '../peft/adapter.ts';
import { gaussLegendre, type QuadraturePoint } from './gauss-legendre.ts';
import { pathGraph, type PathGraph } from './path-graph.ts';

export interface Attributions {
  /** What each token adds to the logit. */
  values: Float64Array;
  /** The logit of the text less that of the empty text: what the values should add up to. */
  difference: number;
  /** Places on the way at which the slope was taken. */
  steps: number;
}

interface PathQuestion {
  text: EncodedText;
  label: number;
  isWord: readonly boolean[];
  signal: AbortSignal | undefined;
}

/** Most places taken first, fewer for a long text: so many tokens in all. */
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
 * text with the padding token in the place of each of its own. Holds the model a second time, in float32.
 */
export class IntegratedGradients {
  private readonly session: Session;
  private readonly path: PathGraph;
  private readonly labels: number;
  private readonly padding: number;

  private constructor(session: Session, path: PathGraph, labels: number, padding: number) {
    this.session = session;
    this.path = path;
    this.labels = labels;
    this.padding = padding;
  }

  /** Throws as `openPredictor` does. */
  static async open(model: string, adapterFolder: string | undefined): Promise<IntegratedGradients> {
    const { base, adapter } = await openAdaptedModel(model, adapterFolder, 'sequence');
    try {
      const path = pathGraph(base);
      const session = await Session.open(path.graph);
      await loadParameters(session, path.loading, (name) =>
        adaptedValue(base, adapter, name),
      );
      return new IntegratedGradients(session, path, base.labelNames.length, base.config.pad_token_id ?? 0);
    } finally {
      await base.close();
    }
  }

  /**
   * `label`: place of the logit; `isWord`: the tokens that are the text's own, not [CLS] or [SEP]. Gives way to other
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
      { place: 0, weight: 0 },
      { place: 1, weight: 0 },
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
    return { values, difference, steps };
  }

  close(): void {
    this.session.close();
  }

  /** The weighted slopes of each token at these places, and the logit at each. */
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
      const found = this.session.run('path', { ...feeds, ...this.places(text, label, isWord, part, feeds) });
      part.forEach(({ weight }, i) => {
        logits.push(found['logits']![i * this.labels + label]!);
        for (let j = 0; j < length; j++) values[j]! += weight * found['along']![i * length + j]!;
      });
    }
    return { values, logits };
  }

  private places(
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
    points.forEach(({ place }, i) => {
      empty.set(
        text.inputIds.map((id, j) => (isWord[j] ? this.padding : id)),
        i * length,
      );
      share.fill(place, i * length, (i + 1) * length);
      target[i * this.labels + label] = 1;
    });
    return {
      empty,
      share: { shape: [tokens, 1], data: share },
      target: { shape: [points.length, this.labels], data: target },
    };
  }
}
