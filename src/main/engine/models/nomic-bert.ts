/**
 * NomicBERT (Nussbaum et al. 2024): BERT with rotary positions, gated units and no biases in its layers. Module names are
 * those of transformers; files have them or those of the remote code that came before.
 */
import { z } from 'zod';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { count, type ModelConfig } from '../formats/model-config.ts';
import { tensorFile, type TensorFile, type TensorInfo } from '../formats/tensor.ts';
import type { Tensor } from '../graph/graph.ts';
import { add, tanh } from '../graph/ops/elementwise.ts';
import { selectRows } from '../graph/ops/rows.ts';
import { defineArchitecture } from './architecture.ts';
import { bertFields, classifierDropout, poolerModules, typeVocabulary } from './bert.ts';
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

const { position_embedding_type: _, ...shared } = bertFields;
/** `NomicBertConfig` of transformers 5.17 with its names and defaults. */
const schema = z
  .object({
    ...shared,
    vocab_size: count(10_000_000).default(30_528),
    hidden_act: z.string().default('silu'),
    hidden_dropout_prob: bertFields.hidden_dropout_prob.unwrap().default(0),
    attention_probs_dropout_prob: bertFields.attention_probs_dropout_prob.unwrap().default(0),
    max_position_embeddings: count(10_000_000).default(2048),
    type_vocab_size: typeVocabulary.default(2),
    classifier_dropout: classifierDropout,
    head_dim: count(65_536).nullable().default(null),
    rope_parameters: rotaryFields.nullable().default(null),
    // Of the remote code.
    rotary_emb_base: z.number().positive().default(1000),
    activation_function: z.string().default('swiglu'),
  })
  .refine(haveHalves, oddHeads);

/** What the remote code's config.json calls these fields. */
const older: Readonly<Record<string, string>> = {
  n_embd: 'hidden_size',
  n_head: 'num_attention_heads',
  n_layer: 'num_hidden_layers',
  n_inner: 'intermediate_size',
  n_positions: 'max_position_embeddings',
  layer_norm_epsilon: 'layer_norm_eps',
  resid_pdrop: 'hidden_dropout_prob',
  attn_pdrop: 'attention_probs_dropout_prob',
};
/** What the remote code can do besides, which no model of transformers' class has. */
const unsupported = [
  ...['qkv_proj_bias', 'mlp_fc1_bias', 'mlp_fc2_bias', 'prenorm', 'parallel_block', 'causal', 'use_rms_norm'],
  'rotary_emb_interleaved',
];

export const nomicBert = defineArchitecture({
  modelTypes: ['nomic_bert'],
  title: 'NomicBERT',
  hubNames: ['nomic-embed-text', 'nomic-bert'],
  names: {
    prefix: 'nomic_bert.',
    words: 'embeddings.word_embeddings',
    head: ['classifier'],
    output: 'classifier',
    unread: ['pooler'],
    attention: ['q_proj', 'v_proj'],
  },
  inModuleNames,
  modulesNamed,
  unknownTo: ['transformers.js'],
  config: nomicConfig,
  modules: nomicModules,
  encode: nomicEncoder,
  output: nomicHead,
});

function nomicConfig(raw: ModelConfig['raw'], file: string) {
  const named = Object.entries(raw).flatMap(([key, value]) =>
    older[key] !== undefined && value !== null ? [[older[key], value] as const] : [],
  );
  const { fields, heads } = checkConfig(schema, { ...Object.fromEntries(named), ...raw }, file, {
    width: 'hidden_size',
    heads: 'num_attention_heads',
  });
  for (const key of unsupported) requireValue(file, key, String(raw[key] === true), ['false']);
  requireValue(file, 'activation_function', fields.activation_function, ['swiglu']);
  requireValue(file, 'rope_parameters', fields.rope_parameters?.rope_type ?? 'default', ['default']);
  requireValue(file, 'head_dim', String(fields.head_dim ?? heads.headSize), [String(heads.headSize)]);
  return {
    ...fields,
    activation: activationOf(file, 'hidden_act', fields.hidden_act),
    theta: fields.rope_parameters?.rope_theta ?? fields.rotary_emb_base,
    classifier_dropout: fields.classifier_dropout ?? fields.hidden_dropout_prob,
    max_tokens: fields.max_position_embeddings,
    heads,
  };
}
type NomicConfig = ReturnType<typeof nomicConfig>;

/** The remote code's names and transformers' for them (`conversion_mapping.py`). */
const renamed: readonly (readonly [RegExp, string])[] = [
  [/(^|\.)encoder\.layers\./, '$1layers.'],
  [/(^|\.)emb_ln\./, '$1embeddings.LayerNorm.'],
  [/\.attn\.out_proj\./, '.self_attn.o_proj.'],
  [/\.fc11\./, '.up_proj.'],
  [/\.fc12\./, '.gate_proj.'],
  [/\.fc2\./, '.down_proj.'],
  [/\.norm1\./, '.post_attention_layernorm.'],
  [/\.norm2\./, '.post_mlp_layernorm.'],
];

/** The modules that a target of the remote code stands for. */
function modulesNamed(target: string): string[] {
  const [, before = '', own = target] = /^(.*\.)?([^.]+)$/.exec(target) ?? [];
  const path = before
    .replace(/(^|\.)encoder\.layers\./, '$1layers.')
    .replace(/(^|\.)attn\.$/, '$1self_attn.');
  return (Object.hasOwn(targets, own) ? targets[own]! : [own]).map((name) => `${path}${name}`);
}
const targets: Readonly<Record<string, readonly string[]>> = {
  Wqkv: ['q_proj', 'k_proj', 'v_proj'],
  out_proj: ['o_proj'],
  fc11: ['up_proj'],
  fc12: ['gate_proj'],
  fc2: ['down_proj'],
};

/** A checkpoint under transformers' names, whichever it has; rows of `Wqkv` are those of queries, keys and values. */
function inModuleNames(file: TensorFile): TensorFile {
  const stored = new Map<string, { of: TensorInfo; third: number | null }>();
  const tensors = [...file.tensors.values()].flatMap((of): TensorInfo[] => {
    const name = renamed.reduce((text, [from, to]) => text.replace(from, to), of.name);
    const [rows = 0, ...rest] = of.shape;
    // An adapter on all three has one A, and in its B the rows of each.
    const isShared = /\.attn\.Wqkv\.lora_A\./.test(name);
    const isFused = isShared || (/\.attn\.Wqkv\./.test(name) && rows % 3 === 0);
    const parts = isFused
      ? ['q_proj', 'k_proj', 'v_proj'].map((part) => name.replace('.attn.Wqkv.', `.self_attn.${part}.`))
      : [name];
    return parts.map((part, i) => {
      const isThird = isFused && !isShared;
      stored.set(part, { of, third: isThird ? i : null });
      return { ...of, name: part, shape: isThird ? [rows / 3, ...rest] : of.shape };
    });
  });
  return tensorFile({
    path: file.path,
    metadata: { ...file.metadata },
    tensors,
    async readBytes({ name }) {
      const { of, third } = stored.get(name)!;
      const { bytes } = await file.read(of.name);
      const size = bytes.length / 3;
      return third === null ? bytes : bytes.slice(third * size, (third + 1) * size);
    },
    close: () => file.close(),
  });
}

/** Of `sequence`, only the first token of each text is carried through the last layer. */
function nomicHead(l: Layers, config: NomicConfig, batch: TokenBatch, { kind }: HeadSpec): Tensor {
  let hidden = nomicEncoder(l, config, batch, 'nomic_bert.', kind === 'tokens' ? 'all' : 'first');
  if (kind === 'sequence') hidden = tanh(l.graph, l.linear('nomic_bert.pooler.dense', hidden, 'float32'));
  return l.linear('classifier', l.dropout(hidden, config.classifier_dropout), 'float32');
}

function nomicEncoder(
  l: Layers,
  config: NomicConfig,
  batch: TokenBatch,
  prefix: string,
  rows: 'all' | 'first',
): Tensor {
  const { layer_norm_eps: eps, hidden_dropout_prob: p } = config;
  const angles = rotaryAngles(l.graph, batch.positions, config.heads, config.theta);
  const embedded = add(
    l.graph,
    l.embedding(`${prefix}embeddings.word_embeddings`, batch.ids),
    l.embedding(`${prefix}embeddings.token_type_embeddings`, batch.types),
  );
  let x = l.dropout(l.norm(`${prefix}embeddings.LayerNorm`, embedded, eps), p);
  for (let i = 0; i < config.num_hidden_layers; i++) {
    const onlyFirst = rows === 'first' && i === config.num_hidden_layers - 1;
    const path = `${prefix}layers.${i}`;
    const asking = onlyFirst ? selectRows(l.graph, x, batch.first) : x;
    const attended = l.dropout(nomicAttention(l, config, batch, `${path}.self_attn`, asking, x, angles), p);
    const y = l.norm(`${path}.post_attention_layernorm`, add(l.graph, asking, attended), eps);
    const outer = l.dropout(l.gatedUnit(`${path}.mlp`, y, config.activation), p);
    x = l.norm(`${path}.post_mlp_layernorm`, add(l.graph, y, outer), eps);
  }
  return x;
}

function nomicAttention(
  l: Layers,
  config: NomicConfig,
  batch: TokenBatch,
  path: string,
  asking: Tensor,
  x: Tensor,
  angles: LayerAngles,
): Tensor {
  const q = l.linear(`${path}.q_proj`, asking);
  const k = l.linear(`${path}.k_proj`, x);
  const v = l.linear(`${path}.v_proj`, x);
  const { heads, attention_probs_dropout_prob: p } = config;
  const context = rotaryAttention(l, { q, k, v }, batch, angles, { heads, p, onlyFirst: asking !== x });
  return l.residual(`${path}.o_proj`, context);
}

function nomicModules(config: NomicConfig, head: HeadSpec): ModuleNode {
  const { hidden_size: size, intermediate_size: inner, hidden_dropout_prob: p } = config;
  const norm = (name: string): ModuleNode => layerNorm(name, size, config.layer_norm_eps);
  const layers = Array.from({ length: config.num_hidden_layers }, (_layer, i) =>
    module(String(i), 'NomicBertLayer', [
      norm('post_attention_layernorm'),
      dropout('post_attention_dropout', p),
      dropout('post_mlp_dropout', p),
      module('mlp', 'NomicBertMLP', [
        linear('gate_proj', size, inner, false),
        linear('up_proj', size, inner, false),
        linear('down_proj', inner, size, false),
        activation('act_fn', config.hidden_act),
      ]),
      module(
        'self_attn',
        'NomicBertAttention',
        ['q_proj', 'k_proj', 'v_proj', 'o_proj'].map((name) => linear(name, size, size, false)),
      ),
      norm('post_mlp_layernorm'),
    ]),
  );
  const encoder = [
    module('embeddings', 'NomicBertEmbeddings', [
      embedding('word_embeddings', config.vocab_size, size, config.pad_token_id),
      embedding('token_type_embeddings', config.type_vocab_size, size),
      norm('LayerNorm'),
      dropout('dropout', p),
    ]),
    ...(head.kind === 'sequence' ? [poolerModules('NomicBert', size)] : []),
    { name: 'rotary_emb', type: 'NomicBertRotaryEmbedding' },
    module('layers', 'ModuleList', layers),
  ];
  if (head.kind === 'none') return module('', 'NomicBertModel', encoder);
  const name = head.kind === 'tokens' ? 'TokenClassification' : 'SequenceClassification';
  return module('', `NomicBertFor${name}`, [
    module('nomic_bert', 'NomicBertModel', encoder),
    dropout('dropout', config.classifier_dropout),
    linear('classifier', size, head.outputs),
  ]);
}
