/**
 * BERT (Devlin et al. 2018) as transformers builds it, on a flat list of tokens without padding.
 * Parameter names are the checkpoint's.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { fault } from '../../../shared/faults/index.ts';
import { checkFields } from '../formats/json.ts';
import { count, probability, type ModelConfig } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, tanh } from '../graph/ops/elementwise.ts';
import { selectRows } from '../graph/ops/rows.ts';
import { normalInitial, type Architecture, type EncoderConfig } from './architecture.ts';
import { activations, type Activation, type Layers } from './layers.ts';
import { dropout, embedding, layerNorm, linear, module, type ModuleNode } from './module-tree.ts';
import type { TokenBatch } from './token-inputs.ts';

/** `BertConfig` of transformers 5.17 with its names and defaults. */
const fieldsSchema = z.object({
  vocab_size: count(10_000_000).default(30522),
  hidden_size: count(65_536).default(768),
  num_hidden_layers: count(1_000).default(12),
  num_attention_heads: count(1_024).default(12),
  intermediate_size: count(1_048_576).default(3072),
  hidden_act: z.string().default('gelu'),
  hidden_dropout_prob: probability.default(0.1),
  attention_probs_dropout_prob: probability.default(0.1),
  classifier_dropout: probability.nullable().default(null),
  max_position_embeddings: count(10_000_000).default(512),
  type_vocab_size: z.int().nonnegative().max(1_000_000).default(2),
  initializer_range: z.number().nonnegative().max(1_000).default(0.02),
  layer_norm_eps: z.number().nonnegative().max(1).default(1e-12),
  pad_token_id: z.int().nullable().default(0),
  position_embedding_type: z.string().default('absolute'),
});

const configSchema = fieldsSchema.check(({ value, issues }) => {
  const { hidden_size: size, num_attention_heads: heads } = value;
  if (size % heads === 0) return;
  const message = `${size} does not divide into ${heads} attention heads`;
  issues.push({ code: 'custom', input: value, path: ['hidden_size'], message });
});

type BertConfig = EncoderConfig &
  Omit<z.output<typeof fieldsSchema>, 'classifier_dropout'> & {
    activation: Activation;
    classifier_dropout: number;
  };

export const bert: Architecture = {
  modelTypes: ['bert'],
  title: 'BERT',
  hubNames: ['bert', 'minilm'],
  names: {
    prefix: 'bert.',
    words: 'embeddings.word_embeddings',
    head: ['classifier'],
    output: 'classifier',
    unread: ['pooler'],
    attention: ['query', 'value'],
  },
  open(fields, head, file) {
    const config = bertConfig(fields, file);
    const prefix = head.kind === 'none' ? '' : 'bert.';
    return {
      config,
      inputs: ['input_ids', 'attention_mask', 'token_type_ids'],
      tree: bertModules(config, head),
      encode: (l, batch, rows) => bertEncoder(l, config, batch, prefix, rows),
      output: (l, batch) => bertHead(l, config, batch, head),
      initial: normalInitial(config.initializer_range),
    };
  },
};

function bertConfig({ raw }: ModelConfig, file: string): BertConfig {
  const config = checkFields(configSchema, raw, file);
  const require = (key: string, found: string, supported: readonly string[]): void => {
    if (!supported.includes(found)) throw fault('models/unsupported-value', { file, key, found, supported });
  };
  for (const key of ['is_decoder', 'add_cross_attention', 'is_encoder_decoder'])
    require(key, String(raw[key] === true), ['false']);
  require('hidden_act', config.hidden_act, Object.keys(activations));
  require('position_embedding_type', config.position_embedding_type, ['absolute']);
  return {
    ...config,
    activation: activations[config.hidden_act]!,
    classifier_dropout: config.classifier_dropout ?? config.hidden_dropout_prob,
    max_tokens: config.max_position_embeddings,
    heads: { heads: config.num_attention_heads, headSize: config.hidden_size / config.num_attention_heads },
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
  let x = l.dropout(l.norm(`${e}.LayerNorm`, embedded, config.layer_norm_eps), config.hidden_dropout_prob);
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
  const y = l.norm(`${path}.attention.output.LayerNorm`, add(l.graph, asking, attended), eps);
  const inner = l.activatedLinear(`${path}.intermediate.dense`, y, config.activation);
  const outer = l.dropout(l.residual(`${path}.output.dense`, inner), p);
  return l.norm(`${path}.output.LayerNorm`, add(l.graph, y, outer), eps);
}

function bertModules(config: BertConfig, head: HeadSpec): ModuleNode {
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
  const pooler = module('pooler', 'BertPooler', [
    linear('dense', size, size),
    { name: 'activation', type: 'Tanh' },
  ]);
  const encoder = [
    module('embeddings', 'BertEmbeddings', [
      embedding('word_embeddings', config.vocab_size, size, config.pad_token_id),
      embedding('position_embeddings', config.max_position_embeddings, size),
      embedding('token_type_embeddings', config.type_vocab_size, size),
      layerNorm('LayerNorm', size, eps),
      dropout('dropout', p),
    ]),
    module('encoder', 'BertEncoder', [module('layer', 'ModuleList', layers)]),
    ...(head.kind === 'tokens' ? [] : [pooler]),
  ];
  if (head.kind === 'none') return module('', 'BertModel', encoder);
  return module('', head.kind === 'tokens' ? 'BertForTokenClassification' : 'BertForSequenceClassification', [
    module('bert', 'BertModel', encoder),
    dropout('dropout', config.classifier_dropout),
    linear('classifier', size, head.outputs),
  ]);
}

const activationClass: Record<Activation, string> = {
  gelu: 'GELUActivation',
  gelu_tanh: 'NewGELUActivation',
  relu: 'ReLU',
};
