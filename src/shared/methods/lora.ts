import type { Settings } from '../settings/setting.ts';
import type { Fields, Method } from './method.ts';

const largestRank = 65_536;

const settings = {
  r: {
    type: 'integer',
    label: 'Rank',
    common: true,
    default: 8,
    min: 1,
    max: largestRank,
    help: 'Rank of the two added matrices; higher learns finer differences, trains more weights and overfits sooner.',
  },
  lora_alpha: {
    type: 'number',
    label: 'Scale',
    common: true,
    default: 8,
    help: 'Weight of what is learnt, divided by r; higher moves the model further at the same learning rate.',
  },
  lora_dropout: {
    type: 'number',
    label: 'Dropout',
    common: true,
    default: 0,
    min: 0,
    max: 1,
    help: 'Share of inputs dropped in training before the added matrices; higher overfits less and learns slower.',
  },
  target_modules: {
    type: 'names',
    default: null,
    help: 'Layers adapted, also embeddings, by the end of their path, or "all-linear"; more learn more. Left out: query and value.',
  },
  exclude_modules: {
    type: 'names',
    default: null,
    help: 'Layers left out though target_modules names them; more leave less to learn with.',
  },
  layers_to_transform: {
    type: 'layers',
    default: null,
    help: 'Numbers of the layers adapted, from 0; fewer train faster and learn less. Left out: all.',
    when: { target_modules: 'a list of names' },
  },
  layers_pattern: {
    type: 'names',
    default: null,
    help: 'Name of the list that the layer numbers count in, for example "layer". Left out: found by itself.',
    when: { layers_to_transform: 'set' },
  },
  rank_pattern: {
    type: 'number map',
    integer: true,
    default: {},
    min: 1,
    max: largestRank,
    help: 'Other ranks for some layers, by the end of their path; a higher rank learns finer differences there.',
  },
  alpha_pattern: {
    type: 'number map',
    integer: false,
    default: {},
    help: 'Another lora_alpha for some layers, by the end of their path; higher moves those layers further.',
  },
  bias: {
    type: 'choice',
    common: true,
    choices: ['none', 'all', 'lora_only'],
    default: 'none',
    help: 'Which biases train too. Others than none change the model also where the adapter is switched off.',
  },
  use_rslora: {
    type: 'switch',
    label: 'Rank-stable scale',
    default: false,
    help: 'Divides lora_alpha by the square root of r, so that a higher r needs no other learning rate.',
  },
  use_dora: {
    type: 'switch',
    label: 'DoRA',
    default: false,
    help: 'Learns the lengths of weight rows apart from their directions (DoRA); often a little more accurate, and slower.',
  },
  lora_bias: {
    type: 'switch',
    label: 'Bias of B',
    default: false,
    help: "Trains a bias beside B, folded into the layer's own at merging; more learn more. Needs layers that have a bias.",
  },
  trainable_token_indices: {
    type: 'integer list',
    label: 'Trained tokens',
    default: null,
    help: 'Ids of tokens whose vectors train too, for example of added words; more make the file larger.',
  },
  modules_to_save: {
    type: 'text list',
    label: 'Saved whole',
    mayBeEmpty: true,
    default: null,
    help: 'Modules trained and saved whole; more make the file larger. The head and new layers are among them always.',
  },
  init_lora_weights: {
    type: 'switch or choice',
    label: 'First values',
    choices: ['gaussian', 'orthogonal', 'pissa', 'olora'],
    default: true,
    help: 'First values: true, gaussian, orthogonal as the base; pissa, olora from its main parts (saved at twice r); false random.',
  },
} as const satisfies Settings;

function text(value: unknown): string {
  if (value == null) return '';
  return Array.isArray(value) ? value.join(', ') : typeof value === 'string' ? value : JSON.stringify(value);
}

/** What a start needs of ranks and scales. */
function startConflict(values: Fields): { key: string; reason: string } | null {
  const {
    init_lora_weights: start,
    r,
    lora_alpha: alpha,
    rank_pattern: ranks,
    alpha_pattern: alphas,
  } = values;
  const all = (common: unknown, others: unknown): unknown[] => [
    common,
    ...Object.values((others ?? {}) as Fields),
  ];
  const isOdd = all(r, ranks).some((rank) => typeof rank === 'number' && rank % 2 !== 0);
  const key = 'init_lora_weights';
  if (start === 'orthogonal' && isOdd) return { key, reason: 'it is "orthogonal", which needs even ranks' };
  const isFlat = all(alpha, alphas).some((scale) => typeof scale === 'number' && scale <= 0);
  return (start === 'pissa' || start === 'olora') && isFlat
    ? { key, reason: `it is "${start}", which needs lora_alpha above 0` }
    : null;
}

/** What PEFT refuses beside `lora_bias`, and a token named twice. */
function additionConflict(values: Fields): { key: string; reason: string } | null {
  const { lora_bias: shifts, use_dora: decomposes, init_lora_weights: start, ...others } = values;
  const tokens = others['trainable_token_indices'];
  if (shifts === true && decomposes === true)
    return { key: 'lora_bias', reason: 'it does not go with use_dora' };
  if (shifts === true && typeof start === 'string')
    return { key: 'lora_bias', reason: `it does not go with init_lora_weights "${start}"` };
  const listed: readonly unknown[] = Array.isArray(tokens) ? tokens : [];
  const twice = listed.find((token, i) => listed.indexOf(token) !== i);
  return twice === undefined
    ? null
    : { key: 'trainable_token_indices', reason: `it names token ${text(twice)} twice` };
}

const nameOf = (decomposes: unknown): string => (decomposes === true ? 'DoRA' : 'LoRA');

const classification = { peft_type: 'LORA', task_type: 'SEQ_CLS', bias: 'none' };

/** LoRA (Hu et al. 2021), as PEFT 0.21's `LoraConfig` names it. */
export const lora = {
  type: 'LORA',
  name: 'LoRA',
  object: 'LoRA',
  activity: 'LoRA',
  description: 'Two small matrices are added to the chosen layers, and learn beside the frozen model.',
  settings,
  peft: {
    name: 'LoraConfig',
    fixed: {
      alora_invocation_tokens: null,
      arrow_config: null,
      corda_config: null,
      ensure_weight_tying: false,
      eva_config: null,
      fan_in_fan_out: false,
      kasa_config: null,
      layer_replication: null,
      loftq_config: {},
      lora_ga_config: null,
      megatron_config: null,
      megatron_core: 'megatron.core',
      monteclora_config: null,
      qalora_group_size: 16,
      target_parameters: null,
      use_bdlora: null,
      use_qalora: false,
      velora_config: null,
    },
    floats: ['lora_dropout'],
    conflict(values) {
      const { target_modules: targets, layers_to_transform: layers, layers_pattern: pattern } = values;
      const named = pattern === '' || (Array.isArray(pattern) && pattern.length === 0) ? null : pattern;
      const reason = 'it needs target_modules as a list, and here that is a pattern';
      if (typeof targets === 'string') {
        if (layers !== null) return { key: 'layers_to_transform', reason };
        if (pattern !== null) return { key: 'layers_pattern', reason };
      }
      return named !== null && layers === null
        ? { key: 'layers_pattern', reason: 'it needs layers_to_transform beside it' }
        : (startConflict(values) ?? additionConflict(values));
    },
    defaultTargets: ['bert', 'roberta', 'xlm-roberta', 'electra', 'deberta-v2'],
    said: ['r', 'lora_alpha', 'lora_dropout', 'target_modules'],
    groups: [
      { names: ['r', 'lora_alpha', 'use_rslora', 'rank_pattern', 'alpha_pattern'] },
      {
        names: ['target_modules', 'exclude_modules', 'layers_to_transform', 'layers_pattern'],
        needs: ['target_parameters'],
      },
    ],
  },
  parameterPrefixes: ['lora_'],
  wholeModel: false,
  combinable: true,
  rates: { from: 8e-5, to: 5e-3, start: 5e-4, usual: '1e-4 to 1e-3' },
  label: ({ r, use_dora: decomposes }) => `${nameOf(decomposes)}${typeof r === 'number' ? ` r=${r}` : ''}`,
  distinctions: ({ target_modules: targets, lora_alpha: alpha }) => [
    targets == null
      ? ''
      : targets === 'all-linear'
        ? 'all linear layers'
        : Array.isArray(targets)
          ? targets.join(' ')
          : 'own layers',
    alpha == null ? '' : `alpha ${text(alpha)}`,
  ],
  summary({ r, lora_alpha: alpha, target_modules: targets, use_dora: decomposes }) {
    const rank = `${nameOf(decomposes)} r=${text(r ?? settings.r.default)}, alpha ${text(alpha ?? settings.lora_alpha.default)}`;
    return text(targets) === '' ? rank : `${rank} on ${text(targets)}`;
  },
  identifying: ['r', 'lora_alpha', 'target_modules'],
  onCard: [
    'r',
    'lora_alpha',
    'lora_dropout',
    'target_modules',
    'bias',
    'use_rslora',
    'use_dora',
    'modules_to_save',
  ],
  presets: (targets) => [
    {
      key: 'article',
      name: 'LoRA r=16 (standard)',
      help: 'Rank 16 on the attention layers: close to full fine-tuning with about one weight in a hundred.',
      adapter: { ...classification, r: 16, lora_alpha: 32, lora_dropout: 0.05, target_modules: targets },
      training: { num_train_epochs: 3, learning_rate: 1e-3, per_device_train_batch_size: 8 },
    },
    {
      key: 'small',
      name: 'Small and fast',
      help: 'Rank 4 and larger batches: the smallest file and the shortest run, often a point less accurate.',
      adapter: { ...classification, r: 4, lora_alpha: 8, lora_dropout: 0, target_modules: targets },
      training: {
        num_train_epochs: 2,
        learning_rate: 1e-3,
        per_device_train_batch_size: 16,
        sampler: 'group_by_length',
      },
    },
    {
      key: 'best',
      name: 'Best accuracy',
      help: 'Rank 32 on every linear layer and more epochs, the best one kept: slower, and the most accurate of these.',
      adapter: { ...classification, r: 32, lora_alpha: 64, lora_dropout: 0.1, target_modules: 'all-linear' },
      training: {
        num_train_epochs: 6,
        learning_rate: 5e-4,
        per_device_train_batch_size: 16,
        warmup_steps: 0.06,
        load_best_model_at_end: true,
        metric_for_best_model: 'f1_macro',
      },
    },
  ],
} as const satisfies Method;
