import type { peftTypes } from './train-config.ts';
import type { Settings } from './setting.ts';

const largestRank = 65_536;

/** The settings of LoRA: names, defaults and ranges of PEFT's `LoraConfig`. */
export const loraSettings = {
  r: {
    type: 'integer',
    default: 8,
    min: 1,
    max: largestRank,
    help: 'Rank of the two added matrices; higher learns finer differences, trains more weights and overfits sooner.',
  },
  lora_alpha: {
    type: 'number',
    default: 8,
    help: 'Weight of what is learnt, divided by r; higher moves the model further at the same learning rate.',
  },
  lora_dropout: {
    type: 'number',
    default: 0,
    min: 0,
    max: 1,
    help: 'Share of inputs dropped in training before the added matrices; higher overfits less and learns slower.',
  },
  target_modules: {
    type: 'names',
    default: null,
    help: 'The linear layers adapted, by the end of their path, or "all-linear"; more learn more and take longer.',
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
    whole: true,
    default: {},
    min: 1,
    max: largestRank,
    help: 'Other ranks for some layers, by the end of their path; a higher rank learns finer differences there.',
  },
  alpha_pattern: {
    type: 'number map',
    whole: false,
    default: {},
    help: 'Another lora_alpha for some layers, by the end of their path; higher moves those layers further.',
  },
  bias: {
    type: 'choice',
    choices: ['none', 'all', 'lora_only'],
    default: 'none',
    help: 'Which biases train too. Others than none change the model also where the adapter is switched off.',
  },
  use_rslora: {
    type: 'switch',
    default: false,
    help: 'Divides lora_alpha by the square root of r, so that a higher r needs no other learning rate.',
  },
  modules_to_save: {
    type: 'text list',
    mayBeEmpty: true,
    default: null,
    help: 'Modules trained and saved whole; more make the file larger. The head and new layers are among them always.',
  },
  init_lora_weights: {
    type: 'switch or choice',
    choices: ['gaussian'],
    default: true,
    help: 'First values: true starts as the base model (kaiming), gaussian too; false starts with random changes.',
  },
} as const satisfies Settings;

/** The settings that go with each `peft_type`. Training the head or everything has none. */
export const adapterSettings = {
  LORA: loraSettings,
  HEAD_ONLY: {},
  FULL: {},
} as const satisfies Readonly<Record<(typeof peftTypes)[number], Settings>>;
