/**
 * BERT (Devlin et al. 2018) as transformers builds it, on a flat list of tokens without padding.
 * Parameter names are the checkpoint's. Its layers are those of RoBERTa and ELECTRA too.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count, probability, type ModelConfig } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, tanh } from '../graph/ops/elementwise.ts';
import { selectRows } from '../graph/ops/rows.ts';
import { defineArchitecture } from './architecture.ts';
import { activationOf, checkConfig, requireValue } from './config-checks.ts';
import type { Layers, Scaled } from './layers.ts';
import { activation, dropout, embedding, layerNorm, linear, module, type ModuleNode } from './module-tree.ts';
import type { TokenBatch } from './token-inputs.ts';

/** What `BertConfig` of transformers 5.17 shares with those made after it, with its names and defaults. */
export const bertFields = {
  vocab_size: count(10_000_000).default(30522),
  hidden_size: count(65_536).default(768),
  num_hidden_layers: count(1_000).default(12),
  num_attention_heads: count(1_024).default(12),
  intermediate_size: count(1_048_576).default(3072),
  hidden_act: z.string().default('gelu'),
  hidden_dropout_prob: probability.default(0.1),
  attention_probs_dropout_prob: probability.default(0.1),
  max_position_embeddings: count(10_000_000).default(512),
  initializer_range: z.number().nonnegative().max(1_000).default(0.02),
  layer_norm_eps: z.number().nonnegative().max(1).default(1e-12),
  pad_token_id: z.int().nullable().default(0),
  position_embedding_type: z.string().default('absolute'),
};
export const typeVocabulary = z.int().nonnegative().max(1_000_000);
export const classifierDropout = probability.nullable().default(null);

const fieldsSchema = z.object({
  ...bertFields,
  type_vocab_size: typeVocabulary.default(2),
  classifier_dropout: classifierDropout,
});
type BertConfig = ReturnType<typeof bertConfig<z.output<typeof fieldsSchema>>>;

export const bert = defineArchitecture({
  modelTypes: ['bert'],
  title: 'BERT',
  hubNames: ['bert', 'minilm'],
  pastKeys: true,
  names: {
    prefix: 'bert.',
    words: 'embeddings.word_embeddings',
    head: ['classifier'],
    output: 'classifier',
    unread: ['pooler'],
    attention: ['query', 'value'],
  },
  config: (raw, file) => bertConfig(fieldsSchema, raw, file),
  modules: bertModules,
  encode: bertEncoder,
  output: bertHead,
});

/** BERT's fields out of a config.json, with what follows from them. Throws `formats/field`, `models/unsupported-value`. */
export function bertConfig<
  Fields extends z.output<z.ZodObject<typeof bertFields>> & { classifier_dropout?: number | null },
>(schema: z.ZodType<Fields>, raw: ModelConfig['raw'], file: string) {
  const { fields, heads } = checkConfig(schema, raw, file, {
    width: 'hidden_size',
    heads: 'num_attention_heads',
  });
  requireValue(file, 'position_embedding_type', fields.position_embedding_type, ['absolute']);
  return {
    ...fields,
    activation: activationOf(file, 'hidden_act', fields.hidden_act),
    classifier_dropout: fields.classifier_dropout ?? fields.hidden_dropout_prob,
    max_tokens: fields.max_position_embeddings,
    heads,
  };
}

/** Of `sequence`, only the first token of each text is carried through the last layer. */
function bertHead(l: Layers, config: BertConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  let hidden = bertEncoder(l, config, batch, 'bert.', kind === 'tokens' ? 'all' : 'first');
  if (kind === 'sequence') hidden = tanh(l.graph, l.linear('bert.pooler.dense', hidden, 'float32'));
  return l.linear('classifier', l.dropout(hidden, config.classifier_dropout), 'float32');
}

function bertEncoder(
  l: Layers,
  config: BertConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const embedded = bertEmbeddings(l, config, batch, `${prefix}embeddings`);
  return bertLayers(l, config, batch, `${prefix}encoder`, embedded, rows);
}

type BertLayerConfig = Pick<
  BertConfig,
  | 'hidden_size'
  | 'intermediate_size'
  | 'num_hidden_layers'
  | 'hidden_act'
  | 'activation'
  | 'hidden_dropout_prob'
  | 'attention_probs_dropout_prob'
  | 'layer_norm_eps'
>;

/** Words, positions and token types; float32 [T,size of the tables]. */
export function bertEmbeddings(
  l: Layers,
  { layer_norm_eps: eps, hidden_dropout_prob: p }: BertLayerConfig,
  { ids, positions, types }: Pick<TokenBatch, 'ids' | 'positions' | 'types'>,
  path: string,
): Tensor {
  const words = add(
    l.graph,
    l.embedding(`${path}.word_embeddings`, ids),
    l.embedding(`${path}.position_embeddings`, positions),
  );
  const embedded = add(l.graph, words, l.embedding(`${path}.token_type_embeddings`, types));
  return l.dropout(l.norm(`${path}.LayerNorm`, embedded, eps), p);
}

/** Attention with the modules under `path`: of `asking`, which is x [T,H] or its first tokens [b,H], over x. */
type SelfAttention = (path: string, asking: Tensor, x: Tensor) => Tensor;

/**
 * All layers under `path` over the embeddings x [T,H]; of the last one [T,H], or [b,H] of each text's first token.
 * `attend` stands in for BERT's own attention.
 */
export function bertLayers(
  l: Layers,
  config: BertLayerConfig,
  batch: TokenBatch,
  path: string,
  x: Tensor,
  rows: 'all' | 'first',
  attend: SelfAttention = (...of) => bertAttention(l, config, batch, ...of),
): Tensor {
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const onlyFirst = rows === 'first' && i === config.num_hidden_layers - 1;
    const layer = `${path}.layer.${i}`;
    const asking = onlyFirst ? selectRows(l.graph, x, batch.first) : x;
    const context = attend(`${layer}.attention.self`, asking, x);
    const y = bertOutput(l, config, `${layer}.attention.output`, context, asking);
    x = bertFeedForward(l, config, layer, y);
  }
  return x;
}

function bertAttention(
  l: Layers,
  { attention_probs_dropout_prob: p }: BertLayerConfig,
  { layout }: TokenBatch,
  path: string,
  asking: Tensor,
  x: Tensor,
): Tensor {
  const q = l.linear(`${path}.query`, asking);
  const k = l.linear(`${path}.key`, x);
  const v = l.linear(`${path}.value`, x);
  return l.attention(q, k, v, layout, p, asking !== x);
}

/** What follows attention in a layer. */
export function bertFeedForward(l: Layers, config: BertLayerConfig, path: string, y: Tensor): Tensor {
  const inner = l.activatedLinear(`${path}.intermediate.dense`, y, config.activation);
  return bertOutput(l, config, `${path}.output`, inner, y);
}

/** A linear layer's output, added to what came before it. */
function bertOutput(
  l: Layers,
  { hidden_dropout_prob: p, layer_norm_eps: eps }: BertLayerConfig,
  path: string,
  x: Tensor | Scaled,
  before: Tensor,
): Tensor {
  const outer = l.dropout(l.residual(`${path}.dense`, x), p);
  return l.norm(`${path}.LayerNorm`, add(l.graph, before, outer), eps);
}

function bertModules(config: BertConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size } = config;
  const encoder = [
    bertEmbeddingModules('Bert', config, size),
    bertEncoderModules('Bert', config),
    ...(head.kind === 'tokens' ? [] : [poolerModules('Bert', size)]),
  ];
  if (head.kind === 'none') return module('', 'BertModel', encoder);
  return module('', head.kind === 'tokens' ? 'BertForTokenClassification' : 'BertForSequenceClassification', [
    module('bert', 'BertModel', encoder),
    dropout('dropout', config.classifier_dropout),
    linear('classifier', size, head.outputs),
  ]);
}

/** `embeddings` of a size of their own; `name` begins the name of the class. */
export const bertEmbeddingModules = (
  name: string,
  config: Omit<BertConfig, 'classifier_dropout'>,
  size: number,
): ModuleNode =>
  module('embeddings', `${name}Embeddings`, [
    embedding('word_embeddings', config.vocab_size, size, config.pad_token_id),
    embedding('position_embeddings', config.max_position_embeddings, size),
    embedding('token_type_embeddings', config.type_vocab_size, size),
    layerNorm('LayerNorm', size, config.layer_norm_eps),
    dropout('dropout', config.hidden_dropout_prob),
  ]);

/** `encoder` and the layers in it; `name` begins the names of classes. */
export function bertEncoderModules(name: string, config: BertLayerConfig): ModuleNode {
  const { hidden_size: size } = config;
  const attention = module('self', `${name}SelfAttention`, [
    linear('query', size, size),
    linear('key', size, size),
    linear('value', size, size),
    dropout('dropout', config.attention_probs_dropout_prob),
  ]);
  return module('encoder', `${name}Encoder`, [bertLayerModules(name, config, attention)]);
}

/** Layers of this `attention`, the module `self`. */
export function bertLayerModules(name: string, config: BertLayerConfig, attention: ModuleNode): ModuleNode {
  const { hidden_size: size } = config;
  const output = bertOutputModules(`${name}SelfOutput`, config, size);
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) =>
    module(String(i), `${name}Layer`, [
      module('attention', `${name}Attention`, [attention, output]),
      ...bertFeedForwardModules(name, config),
    ]),
  );
  return module('layer', 'ModuleList', layers);
}

/** What follows `attention` in a layer. */
export const bertFeedForwardModules = (name: string, config: BertLayerConfig): ModuleNode[] => [
  module('intermediate', `${name}Intermediate`, [
    linear('dense', config.hidden_size, config.intermediate_size),
    activation('intermediate_act_fn', config.hidden_act),
  ]),
  bertOutputModules(`${name}Output`, config, config.intermediate_size),
];

const bertOutputModules = (type: string, config: BertLayerConfig, inFeatures: number): ModuleNode =>
  module('output', type, [
    linear('dense', inFeatures, config.hidden_size),
    layerNorm('LayerNorm', config.hidden_size, config.layer_norm_eps),
    dropout('dropout', config.hidden_dropout_prob),
  ]);

export const poolerModules = (name: string, size: number): ModuleNode =>
  module('pooler', `${name}Pooler`, [linear('dense', size, size), { name: 'activation', type: 'Tanh' }]);
