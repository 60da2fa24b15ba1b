/**
 * ALBERT (Lan et al. 2019): narrow embeddings, and layers that share their weights by groups, so that a parameter is used
 * as often as its group stands in the stack. Parameter names are the checkpoint's.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count, probability } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, tanh } from '../graph/ops/elementwise.ts';
import { selectRows } from '../graph/ops/rows.ts';
import { defineArchitecture } from './architecture.ts';
import { bertConfig, bertEmbeddingModules, bertEmbeddings, bertFields, typeVocabulary } from './bert.ts';
import type { Layers } from './layers.ts';
import { activation, dropout, layerNorm, linear, module, type ModuleNode } from './module-tree.ts';
import type { TokenBatch } from './token-inputs.ts';

/** `AlbertConfig` of transformers 5.17 with its names and defaults. */
const fieldsSchema = z.object({
  ...bertFields,
  vocab_size: count(10_000_000).default(30000),
  embedding_size: count(65_536).default(128),
  hidden_size: count(65_536).default(4096),
  num_hidden_groups: count(1_000).default(1),
  num_attention_heads: count(1_024).default(64),
  intermediate_size: count(1_048_576).default(16384),
  inner_group_num: count(1_000).default(1),
  hidden_act: z.string().default('gelu_new'),
  hidden_dropout_prob: probability.default(0),
  attention_probs_dropout_prob: probability.default(0),
  type_vocab_size: typeVocabulary.default(2),
  classifier_dropout_prob: probability.default(0.1),
});

export const albert = defineArchitecture({
  modelTypes: ['albert'],
  title: 'ALBERT',
  hubNames: ['albert'],
  names: {
    prefix: 'albert.',
    words: 'embeddings.word_embeddings',
    head: ['classifier'],
    output: 'classifier',
    unread: ['pooler'],
    attention: ['query', 'value'],
  },
  config: (raw, file) => bertConfig(fieldsSchema, raw, file),
  modules: albertModules,
  encode: albertEncoder,
  output: albertHead,
});
type AlbertConfig = ReturnType<typeof bertConfig<z.output<typeof fieldsSchema>>>;

/** Of `sequence`, only the first token of each text is carried through the last layer. */
function albertHead(l: Layers, config: AlbertConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  let hidden = albertEncoder(l, config, batch, 'albert.', kind === 'tokens' ? 'all' : 'first');
  if (kind === 'sequence') hidden = tanh(l.graph, l.linear('albert.pooler', hidden, 'float32'));
  return l.linear('classifier', l.dropout(hidden, config.classifier_dropout_prob), 'float32');
}

function albertEncoder(
  l: Layers,
  config: AlbertConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const embedded = bertEmbeddings(l, config, batch, `${prefix}embeddings`);
  let x = l.residual(`${prefix}encoder.embedding_hidden_mapping_in`, embedded);
  const { num_hidden_layers: layers, num_hidden_groups: groups, inner_group_num: inner } = config;
  for (let i = 0; i < layers; i++) {
    const group = Math.floor(i / (layers / groups));
    for (let j = 0; j < inner; j++) {
      const onlyFirst = rows === 'first' && i === layers - 1 && j === inner - 1;
      const path = `${prefix}encoder.albert_layer_groups.${group}.albert_layers.${j}`;
      x = albertLayer(l, config, batch, path, x, onlyFirst);
    }
  }
  return x;
}

function albertLayer(
  l: Layers,
  config: AlbertConfig,
  batch: TokenBatch,
  path: string,
  x: Tensor,
  onlyFirst: boolean,
): Tensor {
  const { hidden_dropout_prob: p, layer_norm_eps: eps } = config;
  const asking = onlyFirst ? selectRows(l.graph, x, batch.first) : x;
  const q = l.linear(`${path}.attention.query`, asking);
  const k = l.linear(`${path}.attention.key`, x);
  const v = l.linear(`${path}.attention.value`, x);
  const context = l.attention(q, k, v, batch.layout, config.attention_probs_dropout_prob, onlyFirst);
  const attended = l.dropout(l.residual(`${path}.attention.dense`, context), p);
  const y = l.norm(`${path}.attention.LayerNorm`, add(l.graph, asking, attended), eps);
  const inner = l.activatedLinear(`${path}.ffn`, y, config.activation);
  const outer = l.residual(`${path}.ffn_output`, inner);
  return l.norm(`${path}.full_layer_layer_norm`, add(l.graph, outer, y), eps);
}

function albertModules(config: AlbertConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size, layer_norm_eps: eps, hidden_dropout_prob: p } = config;
  const layer = (_: unknown, i: number): ModuleNode =>
    module(String(i), 'AlbertLayer', [
      layerNorm('full_layer_layer_norm', size, eps),
      module('attention', 'AlbertAttention', [
        dropout('attention_dropout', config.attention_probs_dropout_prob),
        dropout('output_dropout', p),
        linear('query', size, size),
        linear('key', size, size),
        linear('value', size, size),
        linear('dense', size, size),
        layerNorm('LayerNorm', size, eps),
      ]),
      linear('ffn', size, config.intermediate_size),
      linear('ffn_output', config.intermediate_size, size),
      activation('activation', config.hidden_act),
      dropout('dropout', p),
    ]);
  const group = (_: unknown, i: number): ModuleNode =>
    module(String(i), 'AlbertLayerGroup', [
      module('albert_layers', 'ModuleList', Array.from({ length: config.inner_group_num }, layer)),
    ]);
  const encoder = [
    bertEmbeddingModules('Albert', config, config.embedding_size),
    module('encoder', 'AlbertTransformer', [
      linear('embedding_hidden_mapping_in', config.embedding_size, size),
      module('albert_layer_groups', 'ModuleList', Array.from({ length: config.num_hidden_groups }, group)),
    ]),
    ...(head.kind === 'tokens'
      ? []
      : [linear('pooler', size, size), { name: 'pooler_activation', type: 'Tanh' }]),
  ];
  if (head.kind === 'none') return module('', 'AlbertModel', encoder);
  const task = head.kind === 'tokens' ? 'TokenClassification' : 'SequenceClassification';
  return module('', `AlbertFor${task}`, [
    module('albert', 'AlbertModel', encoder),
    dropout('dropout', config.classifier_dropout_prob),
    linear('classifier', size, head.outputs),
  ]);
}
