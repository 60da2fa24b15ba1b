/**
 * DeBERTa v2 and v3 (He et al. 2021, 2023): BERT's layers with disentangled attention, whose scores are also those of
 * contents with relative positions. Parameter names are the checkpoint's.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count, probability, type ModelConfig } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import { defineArchitecture } from './architecture.ts';
import { bertFields, bertLayerModules, bertLayers, typeVocabulary } from './bert.ts';
import { activationOf, checkConfig, requireValue } from './config-checks.ts';
import type { Layers } from './layers.ts';
import { dropout, embedding, layerNorm, linear, module, type ModuleNode } from './module-tree.ts';
import { disentangledBias, type Buckets } from './relative-positions.ts';
import type { TokenBatch } from './token-inputs.ts';

/** Names of a config.json, in a list or with bars between them. */
const listed = z
  .union([z.string(), z.array(z.string())])
  .transform((names) =>
    (typeof names === 'string' ? names.split('|') : names).map((name) => name.trim().toLowerCase()),
  );

/** `DebertaV2Config` of transformers 5.17 with its names and defaults, and what its modules read beside it. */
const schema = z
  .object({
    ...bertFields,
    vocab_size: count(10_000_000).default(128_100),
    hidden_size: count(65_536).default(1536),
    num_hidden_layers: count(1_000).default(24),
    num_attention_heads: count(1_024).default(24),
    intermediate_size: count(1_048_576).default(6144),
    type_vocab_size: typeVocabulary.default(0),
    layer_norm_eps: z.number().nonnegative().max(1).default(1e-7),
    relative_attention: z.boolean().default(false),
    max_relative_positions: z.int().max(100_000).default(-1),
    position_buckets: z.int().max(100_000).default(-1),
    position_biased_input: z.boolean().default(true),
    pos_att_type: listed.nullable().default(null),
    share_att_key: z.boolean().default(false),
    norm_rel_ebd: listed.default(['none']),
    embedding_size: count(65_536).optional(),
    pooler_hidden_size: count(65_536).optional(),
    pooler_dropout: probability.default(0),
    pooler_hidden_act: z.string().default('gelu'),
    cls_dropout: probability.nullable().default(null),
    conv_kernel_size: z.int().default(0),
  })
  .refine(({ hidden_size: size, pooler_hidden_size: pooled }) => pooled === undefined || pooled === size, {
    path: ['pooler_hidden_size'],
    error: 'the pooler takes what the layers give, hidden_size numbers',
  });

export const deberta = defineArchitecture({
  modelTypes: ['deberta-v2'],
  title: 'DeBERTa v2 and v3',
  hubNames: ['deberta', 'camembertav2'],
  names: {
    prefix: 'deberta.',
    words: 'embeddings.word_embeddings',
    head: ['classifier'],
    output: 'classifier',
    unread: ['pooler'],
    ignored: /position_embeddings/,
    attention: ['query_proj', 'value_proj'],
  },
  config: debertaConfig,
  modules: debertaModules,
  encode: debertaEncoder,
  output: debertaHead,
});

/** What a config.json means. Throws `formats/field`, `models/unsupported-value`. */
export function debertaConfig(raw: ModelConfig['raw'], file: string) {
  const { fields, heads } = checkConfig(schema, raw, file, {
    width: 'hidden_size',
    heads: 'num_attention_heads',
  });
  requireValue(file, 'conv_kernel_size', String(fields.conv_kernel_size), ['0']);
  const terms = fields.pos_att_type ?? [];
  const most = fields.max_relative_positions;
  const positions = most < 1 ? fields.max_position_embeddings : most;
  return {
    ...fields,
    activation: activationOf(file, 'hidden_act', fields.hidden_act),
    poolerActivation: activationOf(file, 'pooler_hidden_act', fields.pooler_hidden_act),
    embedding_size: fields.embedding_size ?? fields.hidden_size,
    cls_dropout: fields.cls_dropout ?? fields.hidden_dropout_prob,
    max_tokens: fields.max_position_embeddings,
    heads,
    contentToPosition: terms.includes('c2p'),
    positionToContent: terms.includes('p2c'),
    normalisesPositions: fields.norm_rel_ebd.includes('layer_norm'),
    /** Each side of the table of relative positions. */
    span: fields.position_buckets > 0 ? fields.position_buckets : positions,
    positions,
  };
}
type DebertaConfig = ReturnType<typeof debertaConfig>;

/**
 * Rows of the table of relative positions: of near ones one each, of further ones on a logarithmic scale. Computed in
 * float32, as torch does: it decides where a logarithm is a whole number (`make_log_bucket_position`).
 */
export function positionBuckets({ span, positions, position_buckets: size }: DebertaConfig): Buckets {
  const { fround, abs, sign, ceil, log } = Math;
  const middle = Math.floor(size / 2);
  const steps = fround(log(fround((positions - 1) / middle)));
  const bucket = (distance: number): number => {
    const far = abs(distance);
    if (size <= 0 || far <= middle) return distance;
    const part = fround(fround(log(fround(far / middle))) / steps);
    return sign(distance) * (ceil(fround(part * (middle - 1))) + middle);
  };
  const bucketOf = (distance: number): number => Math.min(Math.max(bucket(distance) + span, 0), 2 * span - 1);
  let farthest = 1;
  while (bucketOf(farthest) < 2 * span - 1 || bucketOf(-farthest) > 0) farthest++;
  return { bucketOf, farthest };
}

/** Of `sequence`, only the first token of each text is carried through the last layer. */
function debertaHead(l: Layers, config: DebertaConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  const hidden = debertaEncoder(l, config, batch, 'deberta.', kind === 'tokens' ? 'all' : 'first');
  if (kind === 'tokens')
    return l.linear('classifier', l.dropout(hidden, config.hidden_dropout_prob), 'float32');
  const first = l.dropout(hidden, config.pooler_dropout);
  const { tensor, by } = l.activatedLinear('pooler.dense', first, config.poolerActivation, 'float32');
  return l.linear('classifier', { tensor: l.dropout(tensor, config.cls_dropout), by }, 'float32');
}

function debertaEncoder(
  l: Layers,
  config: DebertaConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const { layer_norm_eps: eps } = config;
  const relative = `${prefix}encoder.rel_embeddings.weight`;
  let positions = config.relative_attention ? l.parameters.value(relative, 'float32') : undefined;
  if (positions && config.normalisesPositions)
    positions = l.norm(`${prefix}encoder.LayerNorm`, positions, eps);
  const buckets = positionBuckets(config);
  const x = debertaEmbeddings(l, config, batch, `${prefix}embeddings`);
  return bertLayers(l, config, batch, `${prefix}encoder`, x, rows, (path, asking, of) =>
    debertaAttention(l, config, batch, path, asking, of, positions && { table: positions, buckets }),
  );
}

function debertaEmbeddings(l: Layers, config: DebertaConfig, batch: TokenBatch, path: string): Tensor {
  let x = l.embedding(`${path}.word_embeddings`, batch.ids);
  if (config.position_biased_input)
    x = add(l.graph, x, l.embedding(`${path}.position_embeddings`, batch.positions));
  if (config.type_vocab_size > 0)
    x = add(l.graph, x, l.embedding(`${path}.token_type_embeddings`, batch.types));
  if (config.embedding_size !== config.hidden_size) x = l.residual(`${path}.embed_proj`, x);
  return l.dropout(l.norm(`${path}.LayerNorm`, x, config.layer_norm_eps), config.hidden_dropout_prob);
}

/** Positions are projected as contents are where the two share layers; dropout draws for each anew. */
function debertaAttention(
  l: Layers,
  config: DebertaConfig,
  batch: TokenBatch,
  path: string,
  asking: Tensor,
  x: Tensor,
  positions: { table: Tensor; buckets: Buckets } | undefined,
): Tensor {
  const { contentToPosition: c2p, positionToContent: p2c, share_att_key: shared } = config;
  const scale = 1 / Math.sqrt(config.heads.headSize * (1 + Number(c2p) + Number(p2c)));
  const q = l.linear(`${path}.query_proj`, asking);
  const k = l.linear(`${path}.key_proj`, x);
  const v = l.linear(`${path}.value_proj`, x);
  const dropped = positions && l.dropout(positions.table, config.hidden_dropout_prob);
  const keyPositions =
    dropped && c2p ? l.linear(`${path}.${shared ? 'key_proj' : 'pos_key_proj'}`, dropped) : undefined;
  const asked =
    dropped && p2c ? l.linear(`${path}.${shared ? 'query_proj' : 'pos_query_proj'}`, dropped) : undefined;
  const queryPositions = asked && l.rescale(asked, scale);
  const bias = positions && disentangledBias(l.graph, { keyPositions, queryPositions }, positions.buckets);
  const p = config.attention_probs_dropout_prob;
  return l.attention(q, k, v, batch.layout, p, asking !== x, { scale, bias });
}

function debertaModules(config: DebertaConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size, layer_norm_eps: eps, hidden_dropout_prob: p } = config;
  const isRelative = config.relative_attention;
  const own = isRelative && !config.share_att_key;
  const attention = module('self', 'DisentangledSelfAttention', [
    linear('query_proj', size, size),
    linear('key_proj', size, size),
    linear('value_proj', size, size),
    ...(isRelative ? [dropout('pos_dropout', p)] : []),
    ...(own && config.contentToPosition ? [linear('pos_key_proj', size, size)] : []),
    ...(own && config.positionToContent ? [linear('pos_query_proj', size, size)] : []),
    dropout('dropout', config.attention_probs_dropout_prob),
  ]);
  const { embedding_size: width, type_vocab_size: types } = config;
  const encoder = [
    module('embeddings', 'DebertaV2Embeddings', [
      embedding('word_embeddings', config.vocab_size, width, config.pad_token_id),
      ...(config.position_biased_input
        ? [embedding('position_embeddings', config.max_position_embeddings, width)]
        : []),
      ...(types > 0 ? [embedding('token_type_embeddings', types, width)] : []),
      ...(width === size ? [] : [linear('embed_proj', width, size, false)]),
      layerNorm('LayerNorm', size, eps),
      dropout('dropout', p),
    ]),
    module('encoder', 'DebertaV2Encoder', [
      bertLayerModules('DebertaV2', config, attention),
      ...(isRelative ? [embedding('rel_embeddings', 2 * config.span, size)] : []),
      ...(config.normalisesPositions ? [layerNorm('LayerNorm', size, eps)] : []),
    ]),
  ];
  if (head.kind === 'none') return module('', 'DebertaV2Model', encoder);
  const base = module('deberta', 'DebertaV2Model', encoder);
  const classifier = linear('classifier', size, head.outputs);
  if (head.kind === 'tokens')
    return module('', 'DebertaV2ForTokenClassification', [base, dropout('dropout', p), classifier]);
  return module('', 'DebertaV2ForSequenceClassification', [
    base,
    module('pooler', 'ContextPooler', [
      linear('dense', size, size),
      dropout('dropout', config.pooler_dropout),
    ]),
    classifier,
    dropout('dropout', config.cls_dropout),
  ]);
}
