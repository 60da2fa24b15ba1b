/**
 * MPNet (Song et al. 2020): BERT's layers with one table of relative positions for all of them, positions counted as in
 * RoBERTa, and RoBERTa's head. Parameter names are the checkpoint's.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count, type ModelConfig } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, tanh } from '../graph/ops/elementwise.ts';
import { selectRows } from '../graph/ops/rows.ts';
import { defineArchitecture } from './architecture.ts';
import { bertConfig, bertFeedForward, bertFeedForwardModules, bertFields, poolerModules } from './bert.ts';
import type { Layers, ScoreBias } from './layers.ts';
import { dropout, embedding, layerNorm, linear, module, type ModuleNode } from './module-tree.ts';
import { relativeBias } from './relative-positions.ts';
import { countedPositions, type TokenBatch } from './token-inputs.ts';

/** The padding token by which positions are counted, whatever the config says. */
const PADDING = 1;
/** Buckets that are looked up, whatever the config says, and the distance from which on all are one. */
const BUCKETS = 32;
const FARTHEST = 128;

/** `MPNetConfig` of transformers 5.17 with its names and defaults. */
const fieldsSchema = z.object({
  ...bertFields,
  vocab_size: count(10_000_000).default(30527),
  max_position_embeddings: z
    .int()
    .min(PADDING + 2)
    .max(10_000_000)
    .default(512),
  relative_attention_num_buckets: z.int().min(BUCKETS).max(1_000_000).default(BUCKETS),
  pad_token_id: z.int().nullable().default(1),
});

export const mpnet = defineArchitecture({
  modelTypes: ['mpnet'],
  title: 'MPNet',
  hubNames: ['mpnet'],
  names: {
    prefix: 'mpnet.',
    words: 'embeddings.word_embeddings',
    head: ['classifier'],
    output: 'classifier.out_proj',
    unread: ['pooler'],
    attention: ['q', 'v'],
  },
  config: mpnetConfig,
  modules: mpnetModules,
  encode: mpnetEncoder,
  output: mpnetHead,
});

function mpnetConfig(raw: ModelConfig['raw'], file: string) {
  const config = bertConfig(fieldsSchema, raw, file);
  const max_tokens = config.max_position_embeddings - PADDING - 1;
  return { ...config, max_tokens, type_vocab_size: 0 };
}
type MpnetConfig = ReturnType<typeof mpnetConfig>;

/** Of `sequence`, only the first token of each text is carried through the last layer. */
function mpnetHead(l: Layers, config: MpnetConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  const { hidden_dropout_prob: p } = config;
  const hidden = mpnetEncoder(l, config, batch, 'mpnet.', kind === 'tokens' ? 'all' : 'first');
  if (kind === 'tokens') return l.linear('classifier', l.dropout(hidden, p), 'float32');
  const dense = tanh(l.graph, l.linear('classifier.dense', l.dropout(hidden, p), 'float32'));
  return l.linear('classifier.out_proj', l.dropout(dense, p), 'float32');
}

function mpnetEncoder(
  l: Layers,
  config: MpnetConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const e = `${prefix}embeddings`;
  const embedded = add(
    l.graph,
    l.embedding(`${e}.word_embeddings`, batch.ids),
    l.embedding(`${e}.position_embeddings`, countedPositions(l.graph, batch, PADDING)),
  );
  const table = l.parameters.value(`${prefix}encoder.relative_attention_bias.weight`, 'float32');
  const bias = relativeBias(l.graph, table, { bucketOf, farthest: FARTHEST });
  let x = l.dropout(l.norm(`${e}.LayerNorm`, embedded, config.layer_norm_eps), config.hidden_dropout_prob);
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const onlyFirst = rows === 'first' && i === config.num_hidden_layers - 1;
    x = mpnetLayer(l, config, batch, `${prefix}encoder.layer.${i}`, x, bias, onlyFirst);
  }
  return x;
}

function mpnetLayer(
  l: Layers,
  config: MpnetConfig,
  batch: TokenBatch,
  path: string,
  x: Tensor,
  bias: ScoreBias,
  onlyFirst: boolean,
): Tensor {
  const { hidden_dropout_prob: p, layer_norm_eps: eps, attention_probs_dropout_prob: drop } = config;
  const asking = onlyFirst ? selectRows(l.graph, x, batch.first) : x;
  const q = l.linear(`${path}.attention.attn.q`, asking);
  const k = l.linear(`${path}.attention.attn.k`, x);
  const v = l.linear(`${path}.attention.attn.v`, x);
  const context = l.attention(q, k, v, batch.layout, drop, onlyFirst, { bias });
  const attended = l.dropout(l.residual(`${path}.attention.attn.o`, context), p);
  const y = l.norm(`${path}.attention.LayerNorm`, add(l.graph, attended, asking), eps);
  return bertFeedForward(l, config, path, y);
}

/**
 * The bucket of query - key, as T5's `relative_position_bucket` (Raffel et al. 2020): half of them for keys that come
 * later; of each half the first eight are exact, the others grow with the logarithm. In float32 as torch, since
 * powers of two stand on the edges of buckets.
 */
export function bucketOf(distance: number): number {
  const [half, exact] = [BUCKETS / 2, BUCKETS / 4];
  const later = distance < 0 ? half : 0;
  const apart = Math.abs(distance);
  if (apart < exact) return later + apart;
  const logarithm = Math.fround(Math.log(Math.fround(apart / exact)));
  const share = Math.fround(logarithm / Math.fround(Math.log(FARTHEST / exact)));
  return later + Math.min(half - 1, exact + Math.trunc(share * (half - exact)));
}

function mpnetModules(config: MpnetConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size, layer_norm_eps: eps, hidden_dropout_prob: p } = config;
  const layer = (_: unknown, i: number): ModuleNode =>
    module(String(i), 'MPNetLayer', [
      module('attention', 'MPNetAttention', [
        module('attn', 'MPNetSelfAttention', [
          linear('q', size, size),
          linear('k', size, size),
          linear('v', size, size),
          linear('o', size, size),
          dropout('dropout', config.attention_probs_dropout_prob),
        ]),
        layerNorm('LayerNorm', size, eps),
        dropout('dropout', p),
      ]),
      ...bertFeedForwardModules('MPNet', config),
    ]);
  const encoder = [
    module('embeddings', 'MPNetEmbeddings', [
      embedding('word_embeddings', config.vocab_size, size, PADDING),
      embedding('position_embeddings', config.max_position_embeddings, size, PADDING),
      layerNorm('LayerNorm', size, eps),
      dropout('dropout', p),
    ]),
    module('encoder', 'MPNetEncoder', [
      module('layer', 'ModuleList', Array.from({ length: config.num_hidden_layers }, layer)),
      embedding('relative_attention_bias', config.relative_attention_num_buckets, config.num_attention_heads),
    ]),
  ];
  if (head.kind === 'none') return module('', 'MPNetModel', [...encoder, poolerModules('MPNet', size)]);
  const base = module('mpnet', 'MPNetModel', encoder);
  const drop = dropout('dropout', p);
  if (head.kind === 'tokens')
    return module('', 'MPNetForTokenClassification', [base, drop, linear('classifier', size, head.outputs)]);
  const parts = [linear('dense', size, size), drop, linear('out_proj', size, head.outputs)];
  const classifier = module('classifier', 'MPNetClassificationHead', parts);
  return module('', 'MPNetForSequenceClassification', [base, classifier]);
}
