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
import { activationOf, checkConfig, requireEncoder, requireValue } from './config-checks.ts';
import type { Layers } from './layers.ts';
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
  requireEncoder(raw, file);
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

/** All layers under `path` over the embeddings x [T,H]; of the last one [T,H], or [b,H] of each text's first token. */
export function bertLayers(
  l: Layers,
  config: BertLayerConfig,
  batch: TokenBatch,
  path: string,
  x: Tensor,
  rows: 'all' | 'first',
): Tensor {
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const onlyFirst = rows === 'first' && i === config.num_hidden_layers - 1;
    x = bertLayer(l, config, batch, `${path}.layer.${i}`, x, onlyFirst);
  }
  return x;
}

function bertLayer(
  l: Layers,
  config: BertLayerConfig,
  batch: TokenBatch,
  path: string,
  x: Tensor,
  onlyFirst: boolean,
): Tensor {
  const { hidden_dropout_prob: p, layer_norm_eps: eps } = config;
  const asking = onlyFirst ? selectRows(l.graph, x, batch.first) : x;
  const q = l.linear(`${path}.attention.self.query`, asking);
  const k = l.linear(`${path}.attention.self.key`, x);
  const v = l.linear(`${path}.attention.self.value`, x);
  const context = l.attention(q, k, v, batch.layout, config.attention_probs_dropout_prob, onlyFirst);
  const attended = l.dropout(l.residual(`${path}.attention.output.dense`, context), p);
  const y = l.norm(`${path}.attention.output.LayerNorm`, add(l.graph, asking, attended), eps);
  const inner = l.activatedLinear(`${path}.intermediate.dense`, y, config.activation);
  const outer = l.dropout(l.residual(`${path}.output.dense`, inner), p);
  return l.norm(`${path}.output.LayerNorm`, add(l.graph, y, outer), eps);
}

function bertModules(config: BertConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size } = config;
  const encoder = [
    bertEmbeddingModules('Bert', config, size),
    bertLayerModules('Bert', config),
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
export function bertLayerModules(name: string, config: BertLayerConfig): ModuleNode {
  const { hidden_size: size, intermediate_size: inner, layer_norm_eps: eps, hidden_dropout_prob: p } = config;
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) =>
    module(String(i), `${name}Layer`, [
      module('attention', `${name}Attention`, [
        module('self', `${name}SelfAttention`, [
          linear('query', size, size),
          linear('key', size, size),
          linear('value', size, size),
          dropout('dropout', config.attention_probs_dropout_prob),
        ]),
        module('output', `${name}SelfOutput`, [
          linear('dense', size, size),
          layerNorm('LayerNorm', size, eps),
          dropout('dropout', p),
        ]),
      ]),
      module('intermediate', `${name}Intermediate`, [
        linear('dense', size, inner),
        activation('intermediate_act_fn', config.hidden_act),
      ]),
      module('output', `${name}Output`, [
        linear('dense', inner, size),
        layerNorm('LayerNorm', size, eps),
        dropout('dropout', p),
      ]),
    ]),
  );
  return module('encoder', `${name}Encoder`, [module('layer', 'ModuleList', layers)]);
}

export const poolerModules = (name: string, size: number): ModuleNode =>
  module('pooler', `${name}Pooler`, [linear('dense', size, size), { name: 'activation', type: 'Tanh' }]);
