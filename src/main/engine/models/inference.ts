import type { Precision } from '../../../shared/settings/training.ts';
import { Graph, type Tensor } from '../graph/graph.ts';
import { reachable } from '../graph/saved-model.ts';
import { usesGpu } from '../runtime/tensorflow.ts';
import { loadParameters, Session } from '../graph/session.ts';
import type { BaseModel, Head } from './base-model.ts';
import type { EncodedText } from './batch.ts';
import { Layers, type Adaptation } from './layers.ts';
import { Parameters } from './parameters.ts';
import { tokenInputs, type TokenBatch, type TokenInputs } from './token-inputs.ts';

export type Pooling = 'mean' | 'cls';

export interface InferenceOptions {
  head: Head;
  precision: Precision;
  /** Tokens of a batch, padding of its rectangle included. */
  batchTokens?: number;
  /** Most texts in a batch. */
  batchSize?: number;
}

const BATCH_TOKENS = 4096;

/**
 * A base model, with an adapter or without, loaded for answering. Texts are answered sorted by length, in
 * batches of about `batchTokens` tokens; results come in the order asked for.
 */
export class Inference {
  private readonly session: Session;
  private readonly inputs: ReadonlyMap<string, TokenInputs>;
  private readonly options: InferenceOptions;
  readonly width: number;

  private constructor(
    session: Session,
    inputs: ReadonlyMap<string, TokenInputs>,
    options: InferenceOptions,
    width: number,
  ) {
    this.session = session;
    this.inputs = inputs;
    this.options = options;
    this.width = width;
  }

  static async open(
    base: BaseModel,
    adaptation: Adaptation | undefined,
    options: InferenceOptions,
  ): Promise<Inference> {
    const { graph, inputs, loading } = inferenceGraph(base, adaptation, options, !usesGpu());
    const session = await Session.open(graph);
    await loadParameters(session, loading, (name) => (adaptation ?? base).read(name));
    const width = options.head === 'none' ? base.config.hidden_size : base.head.outputs;
    return new Inference(session, inputs, options, width);
  }

  /** Logits [texts, labels], row-major. `onBatch` is told how many texts are done. */
  async logits(
    texts: readonly EncodedText[],
    onBatch?: (done: number) => void | Promise<void>,
  ): Promise<Float32Array> {
    return this.answer('logits', texts, onBatch);
  }

  /** One vector a text [texts, hidden]: the mean over its tokens, or its first token's. */
  async embeddings(
    texts: readonly EncodedText[],
    pooling: Pooling,
    onBatch?: (done: number) => void | Promise<void>,
  ): Promise<Float32Array> {
    return this.answer(pooling === 'cls' ? 'first' : 'hidden', texts, onBatch);
  }

  close(): void {
    this.session.close();
  }

  private async answer(
    signature: 'logits' | 'hidden' | 'first',
    texts: readonly EncodedText[],
    onBatch?: (done: number) => void | Promise<void>,
  ): Promise<Float32Array> {
    const result = new Float32Array(texts.length * this.width);
    const { batchTokens = BATCH_TOKENS, batchSize = Infinity } = this.options;
    let done = 0;
    for (const batch of lengthBatches(texts, batchTokens, batchSize)) {
      const members = batch.map((i) => texts[i]!);
      const { feeds, order } = this.inputs.get(signature)!.feeds(members);
      const values = this.session.run(signature, feeds)['values'] as Float32Array;
      let token = 0;
      order.forEach((member, row) => {
        const length = signature === 'hidden' ? members[member]!.inputIds.length : 1;
        const from = (signature === 'hidden' ? token : row) * this.width;
        const rows = values.subarray(from, from + length * this.width);
        const to = batch[member]! * this.width;
        meanOfRows(rows, members[member]!.attentionMask, result.subarray(to, to + this.width));
        token += length;
      });
      done += batch.length;
      await onBatch?.(done);
    }
    return result;
  }
}

/** The graph that answers texts. `fused`: kernels that exist on the CPU only. */
export function inferenceGraph(
  base: BaseModel,
  adaptation: Adaptation | undefined,
  { head, precision }: InferenceOptions,
  fused: boolean,
): {
  graph: Graph;
  inputs: Map<string, TokenInputs>;
  loading: ReadonlyMap<string, string[]>;
} {
  const graph = new Graph();
  const specs = [...base.parameters, ...(adaptation?.added ?? [])];
  const parameters = new Parameters(graph, specs, new Set());
  const layers = new Layers({
    graph,
    parameters,
    compute: precision === 'bf16' ? 'bfloat16' : 'float32',
    fused,
    hooks: adaptation?.hooks,
  });
  const { encoder } = base;
  const inputs = new Map<string, TokenInputs>();
  const answer = (name: string, build: (batch: TokenBatch) => Tensor): void => {
    const tokens = tokenInputs(graph, name, { kind: 'grouped', groups: 1 }, encoder.config.heads);
    inputs.set(name, tokens);
    graph.signature(name, tokens.placeholders, { values: build(tokens.batch) });
  };
  if (head === 'none') {
    answer('hidden', (batch) => encoder.encode(layers, batch, 'all'));
    answer('first', (batch) => encoder.encode(layers, batch, 'first'));
  } else answer('logits', (batch) => encoder.output(layers, batch));
  return { graph, inputs, loading: parameters.addLoading(reachable(graph)) };
}

/** The mean of rows, without those that a mask leaves out, written to `target`. */
function meanOfRows(rows: Float32Array, mask: Int32Array | undefined, target: Float32Array): void {
  const width = target.length;
  if (rows.length === width) return target.set(rows);
  let count = 0;
  const sum = new Float64Array(width);
  for (let from = 0; from < rows.length; from += width) {
    if (mask?.[from / width] === 0) continue;
    count++;
    for (let k = 0; k < width; k++) sum[k]! += rows[from + k]!;
  }
  for (let k = 0; k < width; k++) target[k] = sum[k]! / Math.max(1, count);
}

/** Indices of the texts in batches of similar length: at most `tokens` cells (texts times the longest) and `size` texts. */
export function lengthBatches(texts: readonly EncodedText[], tokens: number, size: number): number[][] {
  const length = (i: number): number => texts[i]!.inputIds.length;
  const order = texts.map((_, i) => i).sort((a, b) => length(a) - length(b) || a - b);
  const batches: number[][] = [];
  for (const i of order) {
    const batch = batches.at(-1);
    if (batch && batch.length < size && (batch.length + 1) * length(i) <= tokens) batch.push(i);
    else batches.push([i]);
  }
  return batches;
}
