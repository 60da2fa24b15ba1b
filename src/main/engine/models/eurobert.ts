/**
 * EuroBERT (Boizard et al. 2025): Llama's layers, seen from both sides: RMS norms before layers, rotary positions, gated
 * units, keys and values that several heads of queries share. Parameter names are the checkpoint's.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count, probability, type ModelConfig } from '../formats/model-config.ts';
import type { Tensor } from '../graph/graph.ts';
import { add } from '../graph/ops/elementwise.ts';
import { selectRows } from '../graph/ops/rows.ts';
import { defineArchitecture } from './architecture.ts';
import { bertFields } from './bert.ts';
import { activationOf, checkConfig, requireValue } from './config-checks.ts';
import type { Layers } from './layers.ts';
import { activation, embedding, linear, module, rmsNorm, type ModuleNode } from './module-tree.ts';
import {
  haveHalves,
  oddHeads,
  rotaryAngles,
  rotaryAttention,
  rotaryFields,
  type LayerAngles,
} from './rotary.ts';
import type { TokenBatch } from './token-inputs.ts';

const pooling = z.enum(['bos', 'mean', 'late']);

/** `EuroBertConfig` of transformers 5.17 with its names and defaults, and those of files before version 5. */
const schema = z
  .object({
    vocab_size: count(10_000_000).default(128_256),
    hidden_size: bertFields.hidden_size,
    intermediate_size: bertFields.intermediate_size,
    num_hidden_layers: bertFields.num_hidden_layers,
    num_attention_heads: bertFields.num_attention_heads,
    num_key_value_heads: count(1_024).nullable().default(null),
    head_dim: count(65_536).nullable().default(null),
    hidden_act: z.string().default('silu'),
    max_position_embeddings: count(10_000_000).default(8192),
    initializer_range: bertFields.initializer_range,
    rms_norm_eps: z.number().nonnegative().max(1).default(1e-5),
    pad_token_id: z.int().nullable().default(128_001),
    rope_parameters: rotaryFields.nullable().default(null),
    rope_scaling: rotaryFields.nullable().default(null),
    rope_theta: z.number().positive().default(10_000),
    attention_bias: z.boolean().default(false),
    attention_dropout: probability.default(0),
    mlp_bias: z.boolean().default(false),
    classifier_pooling: pooling.optional(),
    clf_pooling: pooling.optional(),
  })
  .refine(haveHalves, oddHeads)
  .refine(
    ({ num_attention_heads: heads, num_key_value_heads: shared }) => shared === null || heads % shared === 0,
    { path: ['num_key_value_heads'], error: 'heads of queries do not divide into so many groups' },
  );

export const eurobert = defineArchitecture({
  modelTypes: ['eurobert'],
  title: 'EuroBERT',
  hubNames: ['eurobert'],
  names: {
    prefix: 'model.',
    words: 'embed_tokens',
    head: ['dense', 'classifier'],
    output: 'classifier',
    unread: [],
    attention: ['q_proj', 'v_proj'],
  },
  config: eurobertConfig,
  modules: eurobertModules,
  encode: eurobertEncoder,
  output: eurobertHead,
});

function eurobertConfig(raw: ModelConfig['raw'], file: string) {
  const { fields, heads } = checkConfig(schema, raw, file, {
    width: 'hidden_size',
    heads: 'num_attention_heads',
  });
  const rotary = fields.rope_parameters ?? fields.rope_scaling;
  requireValue(file, 'rope_parameters', rotary?.rope_type ?? 'default', ['default']);
  requireValue(file, 'head_dim', String(fields.head_dim ?? heads.headSize), [String(heads.headSize)]);
  return {
    ...fields,
    activation: activationOf(file, 'hidden_act', fields.hidden_act),
    theta: rotary?.rope_theta ?? fields.rope_theta,
    sharedHeads: fields.num_key_value_heads ?? heads.heads,
    pooling: fields.classifier_pooling ?? fields.clf_pooling ?? 'late',
    type_vocab_size: 0,
    max_tokens: fields.max_position_embeddings,
    heads,
  };
}
type EurobertConfig = ReturnType<typeof eurobertConfig>;

/** Of the pooling `late`, the mean over the tokens' logits: the last layer gives the same of the mean before it. */
function eurobertHead(l: Layers, config: EurobertConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  const isFirst = kind === 'sequence' && config.pooling === 'bos';
  const hidden = eurobertEncoder(l, config, batch, 'model.', isFirst ? 'first' : 'all');
  if (kind === 'tokens') return l.linear('classifier', hidden, 'float32');
  const pooled = config.pooling === 'mean' ? l.mean(hidden, batch) : hidden;
  const { tensor, by } = l.activatedLinear('dense', pooled, 'gelu', 'float32');
  const answered = config.pooling === 'late' ? l.mean(tensor, batch) : tensor;
  return l.linear('classifier', { tensor: answered, by }, 'float32');
}

function eurobertEncoder(
  l: Layers,
  config: EurobertConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const { rms_norm_eps: eps } = config;
  const angles = rotaryAngles(l.graph, batch.positions, config.heads, config.theta);
  let x = l.embedding(`${prefix}embed_tokens`, batch.ids);
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const onlyFirst = rows === 'first' && i === config.num_hidden_layers - 1;
    const path = `${prefix}layers.${i}`;
    const before = l.norm(`${path}.input_layernorm`, x, eps, 'rms');
    const attended = eurobertAttention(l, config, batch, `${path}.self_attn`, before, angles, onlyFirst);
    x = add(l.graph, onlyFirst ? selectRows(l.graph, x, batch.first) : x, attended);
    const between = l.norm(`${path}.post_attention_layernorm`, x, eps, 'rms');
    x = add(l.graph, x, l.gatedUnit(`${path}.mlp`, between, config.activation));
  }
  return l.norm(`${prefix}norm`, x, eps, 'rms');
}

function eurobertAttention(
  l: Layers,
  config: EurobertConfig,
  batch: TokenBatch,
  path: string,
  x: Tensor,
  angles: LayerAngles,
  onlyFirst: boolean,
): Tensor {
  const asking = onlyFirst ? selectRows(l.graph, x, batch.first) : x;
  const [q, k, v] = [
    l.linear(`${path}.q_proj`, asking),
    l.linear(`${path}.k_proj`, x),
    l.linear(`${path}.v_proj`, x),
  ];
  const context = rotaryAttention(l, { q, k, v }, batch, angles, {
    heads: config.heads,
    sharedHeads: config.sharedHeads,
    p: config.attention_dropout,
    onlyFirst,
  });
  return l.residual(`${path}.o_proj`, context);
}

function eurobertModules(config: EurobertConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size, intermediate_size: inner, attention_bias: bias, mlp_bias: mlpBias } = config;
  const norm = (name: string): ModuleNode => rmsNorm(name, 'EuroBertRMSNorm', size, config.rms_norm_eps);
  const shared = config.sharedHeads * config.heads.headSize;
  const layers = Array.from({ length: config.num_hidden_layers }, (_, i) =>
    module(String(i), 'EuroBertDecoderLayer', [
      module('self_attn', 'EuroBertAttention', [
        linear('q_proj', size, size, bias),
        linear('k_proj', size, shared, bias),
        linear('v_proj', size, shared, bias),
        linear('o_proj', size, size, bias),
      ]),
      module('mlp', 'EuroBertMLP', [
        linear('gate_proj', size, inner, mlpBias),
        linear('up_proj', size, inner, mlpBias),
        linear('down_proj', inner, size, mlpBias),
        activation('act_fn', config.hidden_act),
      ]),
      norm('input_layernorm'),
      norm('post_attention_layernorm'),
    ]),
  );
  const encoder = [
    embedding('embed_tokens', config.vocab_size, size, config.pad_token_id),
    module('layers', 'ModuleList', layers),
    norm('norm'),
    { name: 'rotary_emb', type: 'EuroBertRotaryEmbedding' },
  ];
  if (head.kind === 'none') return module('', 'EuroBertModel', encoder);
  const base = module('model', 'EuroBertModel', encoder);
  const classifier = linear('classifier', size, head.outputs);
  if (head.kind === 'tokens') return module('', 'EuroBertForTokenClassification', [base, classifier]);
  return module('', 'EuroBertForSequenceClassification', [
    base,
    linear('dense', size, size),
    { name: 'activation', type: 'GELU', detail: "approximate='none'" },
    classifier,
  ]);
}
