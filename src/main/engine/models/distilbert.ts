/**
 * DistilBERT (Sanh et al. 2019): BERT's layers by other names, without token types and pooler.
 * Parameter names are the checkpoint's.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count, probability, type ModelConfig } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, relu } from '../graph/ops/elementwise.ts';
import { selectRows } from '../graph/ops/rows.ts';
import { defineArchitecture } from './architecture.ts';
import { bertFields } from './bert.ts';
import { activationOf, checkConfig } from './config-checks.ts';
import type { Layers } from './layers.ts';
import { activation, dropout, embedding, layerNorm, linear, module, type ModuleNode } from './module-tree.ts';
import type { TokenBatch } from './token-inputs.ts';

/** `DistilBertConfig` of transformers 5.17 with its names and defaults. */
const fieldsSchema = z.object({
  vocab_size: bertFields.vocab_size,
  max_position_embeddings: bertFields.max_position_embeddings,
  n_layers: count(1_000).default(6),
  n_heads: bertFields.num_attention_heads,
  dim: bertFields.hidden_size,
  hidden_dim: bertFields.intermediate_size,
  dropout: probability.default(0.1),
  attention_dropout: probability.default(0.1),
  activation: z.string().default('gelu'),
  initializer_range: bertFields.initializer_range,
  seq_classif_dropout: probability.default(0.2),
  pad_token_id: bertFields.pad_token_id,
});

const EPSILON = 1e-12;

export const distilbert = defineArchitecture({
  modelTypes: ['distilbert'],
  title: 'DistilBERT',
  hubNames: ['distilbert'],
  names: {
    prefix: 'distilbert.',
    words: 'embeddings.word_embeddings',
    head: ['pre_classifier', 'classifier'],
    output: 'classifier',
    unread: [],
    attention: ['q_lin', 'v_lin'],
  },
  config: distilbertConfig,
  modules: distilbertModules,
  encode: distilbertEncoder,
  output: distilbertHead,
});

function distilbertConfig(raw: ModelConfig['raw'], file: string) {
  const { fields, heads } = checkConfig(fieldsSchema, raw, file, { width: 'dim', heads: 'n_heads' });
  return {
    ...fields,
    act: activationOf(file, 'activation', fields.activation),
    hidden_size: fields.dim,
    num_hidden_layers: fields.n_layers,
    max_tokens: fields.max_position_embeddings,
    type_vocab_size: 0,
    heads,
  };
}
type DistilbertConfig = ReturnType<typeof distilbertConfig>;

/** Of `sequence`, only the first token of each text is carried through the last layer. */
function distilbertHead(l: Layers, config: DistilbertConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  const hidden = distilbertEncoder(l, config, batch, 'distilbert.', kind === 'tokens' ? 'all' : 'first');
  if (kind === 'tokens') return l.linear('classifier', l.dropout(hidden, config.dropout), 'float32');
  const pooled = relu(l.graph, l.linear('pre_classifier', hidden, 'float32'));
  return l.linear('classifier', l.dropout(pooled, config.seq_classif_dropout), 'float32');
}

function distilbertEncoder(
  l: Layers,
  config: DistilbertConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const e = `${prefix}embeddings`;
  const embedded = add(
    l.graph,
    l.embedding(`${e}.word_embeddings`, batch.ids),
    l.embedding(`${e}.position_embeddings`, batch.positions),
  );
  let x = l.dropout(l.norm(`${e}.LayerNorm`, embedded, EPSILON), config.dropout);
  for (let i = 0; i < config.n_layers; i++) {
    const onlyFirst = rows === 'first' && i === config.n_layers - 1;
    x = distilbertLayer(l, config, batch, `${prefix}transformer.layer.${i}`, x, onlyFirst);
  }
  return x;
}

function distilbertLayer(
  l: Layers,
  config: DistilbertConfig,
  batch: TokenBatch,
  path: string,
  x: Tensor,
  onlyFirst: boolean,
): Tensor {
  const asking = onlyFirst ? selectRows(l.graph, x, batch.first) : x;
  const q = l.linear(`${path}.attention.q_lin`, asking);
  const k = l.linear(`${path}.attention.k_lin`, x);
  const v = l.linear(`${path}.attention.v_lin`, x);
  const context = l.attention(q, k, v, batch.layout, config.attention_dropout, onlyFirst);
  const attended = l.residual(`${path}.attention.out_lin`, context);
  const y = l.norm(`${path}.sa_layer_norm`, add(l.graph, attended, asking), EPSILON);
  const inner = l.activatedLinear(`${path}.ffn.lin1`, y, config.act);
  const outer = l.dropout(l.residual(`${path}.ffn.lin2`, inner), config.dropout);
  return l.norm(`${path}.output_layer_norm`, add(l.graph, outer, y), EPSILON);
}

function distilbertModules(config: DistilbertConfig, head: HeadSpec): ModuleNode {
  const { dim: size, hidden_dim: inner } = config;
  const layers = Array.from({ length: config.n_layers }, (_, i) =>
    module(String(i), 'TransformerBlock', [
      module('attention', 'DistilBertSelfAttention', [
        linear('q_lin', size, size),
        linear('k_lin', size, size),
        linear('v_lin', size, size),
        linear('out_lin', size, size),
        dropout('dropout', config.attention_dropout),
      ]),
      layerNorm('sa_layer_norm', size, EPSILON),
      module('ffn', 'FFN', [
        dropout('dropout', config.dropout),
        linear('lin1', size, inner),
        linear('lin2', inner, size),
        activation('activation', config.activation),
      ]),
      layerNorm('output_layer_norm', size, EPSILON),
    ]),
  );
  const encoder = [
    module('embeddings', 'Embeddings', [
      embedding('word_embeddings', config.vocab_size, size, config.pad_token_id),
      embedding('position_embeddings', config.max_position_embeddings, size),
      layerNorm('LayerNorm', size, EPSILON),
      dropout('dropout', config.dropout),
    ]),
    module('transformer', 'Transformer', [module('layer', 'ModuleList', layers)]),
  ];
  if (head.kind === 'none') return module('', 'DistilBertModel', encoder);
  const base = module('distilbert', 'DistilBertModel', encoder);
  const classifier = linear('classifier', size, head.outputs);
  if (head.kind === 'tokens') {
    const drop = dropout('dropout', config.dropout);
    return module('', 'DistilBertForTokenClassification', [base, drop, classifier]);
  }
  return module('', 'DistilBertForSequenceClassification', [
    base,
    linear('pre_classifier', size, size),
    classifier,
    dropout('dropout', config.seq_classif_dropout),
  ]);
}
