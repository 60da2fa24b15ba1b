/**
 * BERT (Devlin et al. 2018) as transformers builds it, on a flat list of tokens without padding.
 * Parameter names are the checkpoint's.
 */
import type { Tensor } from '../graph/graph.ts';
import { add, tanh } from '../graph/ops/elementwise.ts';
import { selectRows } from '../graph/ops/rows.ts';
import type { AttentionLayout, Heads } from './attention-layout.ts';
import type { Activation, Layers } from './layers.ts';
import { dropout, embedding, layerNorm, linear, module, type ModuleNode } from './module-tree.ts';

export interface BertConfig {
  vocab_size: number;
  hidden_size: number;
  num_hidden_layers: number;
  num_attention_heads: number;
  intermediate_size: number;
  activation: Activation;
  hidden_dropout_prob: number;
  attention_probs_dropout_prob: number;
  classifier_dropout: number;
  max_position_embeddings: number;
  type_vocab_size: number;
  layer_norm_eps: number;
  pad_token_id: number | null;
  num_labels: number;
}

export const headsOf = ({ hidden_size: size, num_attention_heads: heads }: BertConfig): Heads => ({
  heads,
  headSize: size / heads,
});

/** A batch as flat int32 vectors of length T (all tokens of all texts), and the place of each text's first token. */
export interface TokenBatch {
  ids: Tensor;
  positions: Tensor;
  types: Tensor;
  /** [b] */
  first: Tensor;
  layout: AttentionLayout;
}

/** Logits [b, num_labels], float32. Only the first token of each text is carried through the last layer. */
export function bertForSequenceClassification(l: Layers, config: BertConfig, batch: TokenBatch): Tensor {
  const first = bertEncoder(l, config, batch, 'bert.', 'first');
  const pooled = tanh(l.graph, l.linear('bert.pooler.dense', first, 'float32'));
  return l.linear('classifier', l.dropout(pooled, config.classifier_dropout), 'float32');
}

/** Last hidden states, float32: [T,H], or [b,H] where only each text's first token is asked for. */
export function bertEncoder(
  l: Layers,
  config: BertConfig,
  batch: TokenBatch,
  prefix: '' | 'bert.',
  rows: 'all' | 'first',
): Tensor {
  const e = `${prefix}embeddings`;
  const words = add(
    l.graph,
    l.embedding(`${e}.word_embeddings`, batch.ids),
    l.embedding(`${e}.position_embeddings`, batch.positions),
  );
  const embedded = add(l.graph, words, l.embedding(`${e}.token_type_embeddings`, batch.types));
  let x = l.dropout(
    l.layerNorm(`${e}.LayerNorm`, embedded, config.layer_norm_eps),
    config.hidden_dropout_prob,
  );
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const onlyFirst = rows === 'first' && i === config.num_hidden_layers - 1;
    x = bertLayer(l, config, batch, `${prefix}encoder.layer.${i}`, x, onlyFirst);
  }
  return config.num_hidden_layers === 0 && rows === 'first' ? selectRows(l.graph, x, batch.first) : x;
}

function bertLayer(
  l: Layers,
  config: BertConfig,
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
  const y = l.layerNorm(`${path}.attention.output.LayerNorm`, add(l.graph, asking, attended), eps);
  const inner = l.activatedLinear(`${path}.intermediate.dense`, y, config.activation);
  const outer = l.dropout(l.residual(`${path}.output.dense`, inner), p);
  return l.layerNorm(`${path}.output.LayerNorm`, add(l.graph, y, outer), eps);
}

/** The modules of `BertForSequenceClassification`, or of `BertModel` without a head, as `print(model)` lists them. */
export function bertModules(config: BertConfig, head: 'classification' | 'encoder'): ModuleNode {
  const { hidden_size: size, intermediate_size: inner, layer_norm_eps: eps, hidden_dropout_prob: p } = config;
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) =>
    module(String(i), 'BertLayer', [
      module('attention', 'BertAttention', [
        module('self', 'BertSelfAttention', [
          linear('query', size, size),
          linear('key', size, size),
          linear('value', size, size),
          dropout('dropout', config.attention_probs_dropout_prob),
        ]),
        module('output', 'BertSelfOutput', [
          linear('dense', size, size),
          layerNorm('LayerNorm', size, eps),
          dropout('dropout', p),
        ]),
      ]),
      module('intermediate', 'BertIntermediate', [
        linear('dense', size, inner),
        { name: 'intermediate_act_fn', type: activationClass[config.activation] },
      ]),
      module('output', 'BertOutput', [
        linear('dense', inner, size),
        layerNorm('LayerNorm', size, eps),
        dropout('dropout', p),
      ]),
    ]),
  );
  const encoder = [
    module('embeddings', 'BertEmbeddings', [
      embedding('word_embeddings', config.vocab_size, size, config.pad_token_id),
      embedding('position_embeddings', config.max_position_embeddings, size),
      embedding('token_type_embeddings', config.type_vocab_size, size),
      layerNorm('LayerNorm', size, eps),
      dropout('dropout', p),
    ]),
    module('encoder', 'BertEncoder', [module('layer', 'ModuleList', layers)]),
    module('pooler', 'BertPooler', [linear('dense', size, size), { name: 'activation', type: 'Tanh' }]),
  ];
  if (head === 'encoder') return module('', 'BertModel', encoder);
  return module('', 'BertForSequenceClassification', [
    module('bert', 'BertModel', encoder),
    dropout('dropout', config.classifier_dropout),
    linear('classifier', size, config.num_labels),
  ]);
}

const activationClass: Record<Activation, string> = {
  gelu: 'GELUActivation',
  gelu_tanh: 'NewGELUActivation',
  relu: 'ReLU',
};
