import type { Graph, Tensor } from '../graph/graph.ts';
import { at, binary, cumulativeSum, gather, range, shapeOf, unary } from '../graph/ops/raw.ts';
import {
  GroupedLayout,
  LocalLayout,
  SequenceLayout,
  type AttentionLayout,
  type Heads,
} from './attention-layout.ts';
import { groupedFeeds, sequenceFeeds, type BatchFeeds, type EncodedText } from './batch.ts';

/** A batch as flat int32 vectors of length T (all tokens of all texts), and the index of each text's first token. */
export interface TokenBatch {
  ids: Tensor;
  /** Of each token in its text, from 0. */
  positions: Tensor;
  types: Tensor;
  /** [b] */
  first: Tensor;
  layout: AttentionLayout;
}

/** How a batch is laid out for attention: so many rectangles, or one exact attention for each of so many texts. */
export type Attention = { kind: 'grouped'; groups: number } | { kind: 'sequence'; texts: number };

export interface TokenInputs {
  batch: TokenBatch;
  placeholders: Record<string, Tensor>;
  /** The vectors that a batch of texts feeds to these placeholders. */
  feeds(texts: readonly EncodedText[]): BatchFeeds;
}

/** The placeholders through which tokens enter a graph; their lengths stay open. */
export function tokenInputs(g: Graph, name: string, attention: Attention, heads: Heads): TokenInputs {
  const vector = (key: string): Tensor => g.placeholder(`${name}/${key}`, 'int32', [-1]);
  const tokens = {
    ids: vector('ids'),
    positions: vector('positions'),
    types: vector('types'),
    first: vector('first'),
  };
  const layout: AttentionLayout & { inputs: Record<string, Tensor> } =
    attention.kind === 'grouped'
      ? new GroupedLayout(g, name, attention.groups, heads)
      : new SequenceLayout(g, name, attention.texts, heads);
  const placeholders: Record<string, Tensor> = { ...tokens, ...layout.inputs };
  const { window } = heads;
  if (attention.kind === 'grouped' && window !== undefined) {
    const local = new LocalLayout(
      g,
      `${name}/local`,
      attention.groups,
      { ...heads, window },
      tokens.positions,
    );
    layout.local = local;
    for (const [key, input] of Object.entries(local.inputs)) placeholders[`local_${key}`] = input;
  }
  const feeds = (texts: readonly EncodedText[]): BatchFeeds =>
    attention.kind === 'grouped'
      ? groupedFeeds(texts, attention.groups, heads.heads, window)
      : sequenceFeeds(texts, attention.texts);
  return { batch: { ...tokens, layout }, placeholders, feeds };
}

/**
 * Positions as fairseq counts them (`create_position_ids_from_input_ids`): `padding` plus the number of tokens so far in
 * the text that are not `padding`; a token that is `padding`, wherever it stands, has position `padding`. [T]
 */
export function countedPositions(g: Graph, { ids, positions }: TokenBatch, padding: number): Tensor {
  const other = unary(g, 'Abs', binary(g, 'Sub', ids, g.ints(padding)));
  const counts = binary(g, 'Minimum', other, g.ints(1));
  const before = cumulativeSum(g, counts);
  const start = binary(g, 'Sub', range(g, at(g, shapeOf(g, ids), 0)), positions);
  const beforeText = gather(g, before, start);
  const nth = binary(g, 'AddV2', binary(g, 'Sub', before, beforeText), g.ints(1));
  return binary(g, 'AddV2', binary(g, 'Mul', nth, counts), g.ints(padding));
}
