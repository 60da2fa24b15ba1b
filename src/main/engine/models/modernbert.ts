/**
 * ModernBERT (Warner et al. 2024): norms before layers, rotary positions, gated linear units, and a window in two layers
 * of three. Parameter names are the checkpoint's.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count, probability, type ModelConfig } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, multiply } from '../graph/ops/elementwise.ts';
import { selectRows, splitColumns } from '../graph/ops/rows.ts';
import { defineArchitecture, type Distribution } from './architecture.ts';
import { bertFields } from './bert.ts';
import { activationOf, checkConfig, requireValue } from './config-checks.ts';
import type { Layers } from './layers.ts';
import { activation, dropout, embedding, layerNorm, linear, module, type ModuleNode } from './module-tree.ts';
import {
  haveHalves,
  oddHeads,
  rotaryAngles,
  rotaryAttention,
  rotaryFields,
  type LayerAngles,
} from './rotary.ts';
import type { TokenBatch } from './token-inputs.ts';

const layerTypes = ['full_attention', 'sliding_attention'] as const;

/** `ModernBertConfig` of transformers 5.17 with its names and defaults, and those of files before version 5. */
const schema = z
  .object({
    vocab_size: count(10_000_000).default(50_368),
    hidden_size: bertFields.hidden_size,
    intermediate_size: count(1_048_576).default(1152),
    num_hidden_layers: count(1_000).default(22),
    num_attention_heads: bertFields.num_attention_heads,
    hidden_activation: z.string().default('gelu'),
    max_position_embeddings: count(10_000_000).default(8192),
    initializer_range: bertFields.initializer_range,
    initializer_cutoff_factor: z.number().positive().nullable().default(2),
    norm_eps: z.number().nonnegative().max(1).default(1e-5),
    norm_bias: z.boolean().default(false),
    pad_token_id: z.int().nullable().default(50_283),
    attention_bias: z.boolean().default(false),
    attention_dropout: probability.default(0),
    layer_types: z.array(z.enum(layerTypes)).nullable().default(null),
    global_attn_every_n_layers: count(1_000).default(3),
    rope_parameters: z.partialRecord(z.enum(layerTypes), rotaryFields).nullable().default(null),
    rope_scaling: rotaryFields.nullable().default(null),
    global_rope_theta: z.number().positive().default(160_000),
    local_rope_theta: z.number().positive().default(10_000),
    local_attention: count(10_000_000).default(128),
    embedding_dropout: probability.default(0),
    mlp_bias: z.boolean().default(false),
    mlp_dropout: probability.default(0),
    classifier_pooling: z.enum(['cls', 'mean']).default('cls'),
    classifier_dropout: probability.default(0),
    classifier_bias: z.boolean().default(false),
    classifier_activation: z.string().default('gelu'),
  })
  .refine(({ layer_types: types, num_hidden_layers: layers }) => types === null || types.length === layers, {
    path: ['layer_types'],
    error: 'it has to name the kind of each layer',
  })
  .refine(haveHalves, oddHeads);

export const modernbert = defineArchitecture({
  modelTypes: ['modernbert'],
  title: 'ModernBERT',
  hubNames: ['modernbert', 'moderncamembert', 'ettin', 'mmbert'],
  names: {
    prefix: 'model.',
    words: 'embeddings.tok_embeddings',
    head: ['classifier'],
    output: 'classifier',
    unread: ['head'],
    attention: ['attn.Wqkv'],
  },
  config: modernbertConfig,
  modules: modernbertModules,
  encode: modernbertEncoder,
  output: modernbertHead,
  initial: modernbertInitial,
});

function modernbertConfig(raw: ModelConfig['raw'], file: string) {
  const { fields, heads } = checkConfig(schema, raw, file, {
    width: 'hidden_size',
    heads: 'num_attention_heads',
  });
  const rotary = fields.rope_parameters;
  for (const type of layerTypes)
    requireValue(file, 'rope_parameters', rotary?.[type]?.rope_type ?? 'default', ['default']);
  requireValue(file, 'rope_scaling', fields.rope_scaling?.rope_type ?? 'default', ['default']);
  const every = fields.global_attn_every_n_layers;
  const types = Array.from({ length: fields.num_hidden_layers }, (_, i) =>
    i % every === 0 ? layerTypes[0] : layerTypes[1],
  );
  return {
    ...fields,
    activation: activationOf(file, 'hidden_activation', fields.hidden_activation),
    headActivation: activationOf(file, 'classifier_activation', fields.classifier_activation),
    layer_types: fields.layer_types ?? types,
    thetas: {
      full_attention: rotary?.full_attention?.rope_theta ?? fields.global_rope_theta,
      sliding_attention: rotary?.sliding_attention?.rope_theta ?? fields.local_rope_theta,
    },
    type_vocab_size: 0,
    max_tokens: fields.max_position_embeddings,
    // A key as far as half of `local_attention` is still seen, on both sides.
    heads: { ...heads, window: Math.floor(fields.local_attention / 2) },
  };
}
type ModernbertConfig = ReturnType<typeof modernbertConfig>;

/** `_init_weights`: normal values cut off at some deviations, smaller ones in layers that write into the residual stream. */
function modernbertInitial(
  config: ModernbertConfig,
  { name, type }: ModuleNode,
  parameter: string,
): Distribution {
  if (parameter === 'bias') return { constant: 0 };
  if (type === 'LayerNorm') return { constant: 1 };
  const { initializer_range: range, initializer_cutoff_factor: cut } = config;
  const out = range / Math.sqrt(2 * config.num_hidden_layers);
  const deviations: Readonly<Record<string, number>> = {
    ...{ Wo: out, dense: out },
    classifier: 1 / Math.sqrt(config.hidden_size),
  };
  return { deviation: deviations[name] ?? range, cut: cut ?? 3 };
}

/** Of a pooling by the first token, only that of each text is carried through the last layer. */
function modernbertHead(l: Layers, config: ModernbertConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  const isFirst = kind === 'sequence' && config.classifier_pooling === 'cls';
  let hidden = modernbertEncoder(l, config, batch, 'model.', isFirst ? 'first' : 'all');
  if (kind === 'sequence' && !isFirst) hidden = l.mean(hidden, batch);
  const { tensor, by } = l.activatedLinear('head.dense', hidden, config.headActivation, 'float32');
  const normed = l.norm('head.norm', l.rescale(tensor, by), config.norm_eps);
  return l.linear('classifier', l.dropout(normed, config.classifier_dropout), 'float32');
}

function modernbertEncoder(
  l: Layers,
  config: ModernbertConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const g = l.graph;
  const angles = new Map(
    layerTypes.map((type) => [type, rotaryAngles(g, batch.positions, config.heads, config.thetas[type])]),
  );
  const words = l.embedding(`${prefix}embeddings.tok_embeddings`, batch.ids);
  let x = l.dropout(l.norm(`${prefix}embeddings.norm`, words, config.norm_eps), config.embedding_dropout);
  config.layer_types.forEach((type, i) => {
    const onlyFirst = rows === 'first' && i === config.num_hidden_layers - 1;
    const path = `${prefix}layers.${i}`;
    const before = i === 0 ? x : l.norm(`${path}.attn_norm`, x, config.norm_eps);
    const isLocal = type === 'sliding_attention';
    const attended = modernbertAttention(l, config, batch, `${path}.attn`, before, angles.get(type)!, {
      isLocal,
      onlyFirst,
    });
    x = add(g, onlyFirst ? selectRows(g, x, batch.first) : x, attended);
    x = add(g, x, modernbertMlp(l, config, `${path}.mlp`, l.norm(`${path}.mlp_norm`, x, config.norm_eps)));
  });
  return l.norm(`${prefix}final_norm`, x, config.norm_eps);
}

function modernbertAttention(
  l: Layers,
  config: ModernbertConfig,
  batch: TokenBatch,
  path: string,
  x: Tensor,
  angles: LayerAngles,
  { isLocal, onlyFirst }: { isLocal: boolean; onlyFirst: boolean },
): Tensor {
  const { hidden_size: size, attention_dropout: p, heads } = config;
  const [q, k, v] = splitColumns(l.graph, l.linear(`${path}.Wqkv`, x), [size, size, size]) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  // First tokens in float32, whose gradient is scattered.
  const asking = onlyFirst ? selectRows(l.graph, l.graph.cast(q, 'float32'), batch.first) : q;
  const context = rotaryAttention(l, { q: asking, k, v }, batch, angles, { heads, p, onlyFirst, isLocal });
  return l.dropout(l.residual(`${path}.Wo`, context), p);
}

/** GeGLU (Shazeer 2020): the first half of what `Wi` gives is activated, the second half gates it. */
function modernbertMlp(l: Layers, config: ModernbertConfig, path: string, x: Tensor): Tensor {
  const { intermediate_size: inner } = config;
  const both = l.graph.cast(l.linear(`${path}.Wi`, x), 'float32');
  const [input, gate] = splitColumns(l.graph, both, [inner, inner]) as [Tensor, Tensor];
  const { tensor, by } = l.activated(input, config.activation);
  const gated = l.dropout(multiply(l.graph, tensor, gate), config.mlp_dropout);
  return l.residual(`${path}.Wo`, { tensor: gated, by });
}

function modernbertModules(config: ModernbertConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size, intermediate_size: inner } = config;
  const norm = (name: string): ModuleNode => layerNorm(name, size, config.norm_eps, config.norm_bias);
  const identity = (name: string): ModuleNode => ({ name, type: 'Identity' });
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) =>
    module(String(i), 'ModernBertEncoderLayer', [
      i === 0 ? identity('attn_norm') : norm('attn_norm'),
      module('attn', 'ModernBertAttention', [
        linear('Wqkv', size, 3 * size, config.attention_bias),
        linear('Wo', size, size, config.attention_bias),
        config.attention_dropout > 0 ? dropout('out_drop', config.attention_dropout) : identity('out_drop'),
      ]),
      norm('mlp_norm'),
      module('mlp', 'ModernBertMLP', [
        linear('Wi', size, 2 * inner, config.mlp_bias),
        activation('act', config.hidden_activation),
        dropout('drop', config.mlp_dropout),
        linear('Wo', inner, size, config.mlp_bias),
      ]),
    ]),
  );
  const encoder = [
    module('embeddings', 'ModernBertEmbeddings', [
      embedding('tok_embeddings', config.vocab_size, size, config.pad_token_id),
      norm('norm'),
      dropout('drop', config.embedding_dropout),
    ]),
    module('layers', 'ModuleList', layers),
    norm('final_norm'),
    { name: 'rotary_emb', type: 'ModernBertRotaryEmbedding' },
  ];
  if (head.kind === 'none') return module('', 'ModernBertModel', encoder);
  const name = head.kind === 'tokens' ? 'TokenClassification' : 'SequenceClassification';
  return module('', `ModernBertFor${name}`, [
    module('model', 'ModernBertModel', encoder),
    module('head', 'ModernBertPredictionHead', [
      linear('dense', size, size, config.classifier_bias),
      activation('act', config.classifier_activation),
      norm('norm'),
    ]),
    dropout('drop', config.classifier_dropout),
    linear('classifier', size, head.outputs),
  ]);
}
