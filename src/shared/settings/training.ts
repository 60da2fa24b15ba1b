import type { Settings, SettingsValues } from './setting.ts';

/** Metrics that can choose the best checkpoint; all but `loss` and `log_loss` are better when higher. */
const bestModelMetrics = [
  'loss',
  'accuracy',
  'f1_macro',
  'f1_micro',
  'f1_weighted',
  'precision_macro',
  'recall_macro',
  'mcc',
  'roc_auc',
  'log_loss',
] as const;

/** `tf32`: float32 values whose products are rounded to TF32 on the way in, on an NVIDIA GPU from Ampere on; else fp32. */
export const precisions = ['fp32', 'tf32', 'bf16'] as const;
export type Precision = (typeof precisions)[number];

/**
 * The training settings: names and defaults of transformers' TrainingArguments where it has them.
 * Aliases (`bf16`, `group_by_length`, `warmup_ratio`, …) are resolved before; see training-arguments.ts.
 */
export const trainingSettings = {
  num_train_epochs: {
    type: 'number',
    default: 3,
    above: 0,
    help: 'Passes over the training rows; more fit them more closely, take longer and overfit in the end.',
    when: { max_steps: { is: [-1] } },
  },
  max_steps: {
    type: 'integer',
    default: -1,
    min: -1,
    help: 'Optimizer steps in all, instead of num_train_epochs; -1: by epochs. More train longer.',
  },
  per_device_train_batch_size: {
    type: 'integer',
    default: 8,
    min: 1,
    help: 'Rows a micro-batch; more make smoother, fewer steps an epoch and need more memory.',
  },
  per_device_eval_batch_size: {
    type: 'integer',
    default: 8,
    min: 1,
    help: 'Rows a batch in evaluation; metrics do not depend on it, memory grows with it.',
  },
  gradient_accumulation_steps: {
    type: 'integer',
    default: 1,
    min: 1,
    help: 'Micro-batches whose gradients make one step; more act like a larger batch without its memory.',
  },
  learning_rate: {
    type: 'number',
    default: 5e-5,
    min: 0,
    help: 'Size of the first step; higher learns faster and turns unstable. LoRA often wants 1e-4 to 1e-3.',
  },
  loraplus_lr_ratio: {
    type: 'number',
    default: null,
    above: 0,
    help: "LoRA+: times that LoRA's B and trained biases learn as fast as the rest, often 4 to 16; more is faster, less steady.",
  },
  loraplus_lr_embedding: {
    type: 'number',
    default: 1e-6,
    min: 0,
    help: 'LoRA+: the learning rate of LoRA on embeddings; higher moves the vectors of words further.',
    when: { loraplus_lr_ratio: 'set' },
  },
  weight_decay: {
    type: 'number',
    default: 0,
    min: 0,
    help: "AdamW's decay of weights (biases and norms excepted); higher keeps them smaller.",
  },
  adam_beta1: {
    type: 'number',
    default: 0.9,
    min: 0,
    below: 1,
    help: 'Memory of the gradient mean; higher smooths over more steps.',
  },
  adam_beta2: {
    type: 'number',
    default: 0.999,
    min: 0,
    below: 1,
    help: 'Memory of the squared gradients; higher adapts step sizes more slowly.',
  },
  adam_epsilon: {
    type: 'number',
    default: 1e-8,
    min: 0,
    help: 'Added to the denominator of Adam; higher damps steps of weights with tiny gradients.',
  },
  max_grad_norm: {
    type: 'number',
    default: 1,
    min: 0,
    help: 'Gradients longer than this are shortened to it; higher clips less, 0 never clips.',
  },
  optim: {
    type: 'choice',
    choices: ['adamw_torch'],
    default: 'adamw_torch',
    help: 'The optimizer: AdamW with the arithmetic of torch.optim.AdamW.',
  },
  lr_scheduler_type: {
    type: 'choice',
    choices: ['linear', 'cosine', 'constant', 'constant_with_warmup', 'polynomial'],
    default: 'linear',
    help: 'How the learning rate falls from its peak to the end of the run.',
  },
  lr_scheduler_kwargs: {
    type: 'group',
    default: {},
    help: 'Details of the schedule.',
    when: { lr_scheduler_type: { is: ['cosine', 'polynomial'] } },
    fields: {
      power: {
        type: 'number',
        default: 1,
        above: 0,
        help: 'Exponent of the fall; higher falls earlier.',
        when: { lr_scheduler_type: { is: ['polynomial'] } },
      },
      lr_end: {
        type: 'number',
        default: 1e-7,
        min: 0,
        help: 'Learning rate at the end; must stay below learning_rate.',
        when: { lr_scheduler_type: { is: ['polynomial'] } },
      },
      num_cycles: {
        type: 'number',
        default: 0.5,
        above: 0,
        help: 'Waves of the cosine; 0.5 falls once from the peak to 0, higher rises again.',
        when: { lr_scheduler_type: { is: ['cosine'] } },
      },
    },
  },
  warmup_steps: {
    type: 'number',
    default: 0,
    min: 0,
    help: 'Steps in which the learning rate rises from 0; below 1: a share of all steps. More start gentler.',
    when: { lr_scheduler_type: { isNot: 'constant' } },
  },
  label_smoothing_factor: {
    type: 'number',
    default: 0,
    min: 0,
    max: 1,
    help: 'Share of the target spread over all classes; higher makes the model less sure of itself.',
  },
  class_weights: {
    type: 'class weights',
    default: null,
    help: "Weight of each class in the loss, in label order, or balanced (by rarity); higher raises a class's recall.",
  },
  sampler: {
    type: 'choice',
    choices: ['random', 'sequential', 'group_by_length'],
    default: 'random',
    help: 'Order of the training rows: shuffled each epoch, as in the file, or shuffled with like lengths together.',
  },
  seed: {
    type: 'integer',
    default: 42,
    min: 0,
    max: 4294967295,
    help: 'Start of every random choice; the same seed gives the same bits, another one another run.',
  },
  precision: {
    type: 'choice',
    choices: precisions,
    default: 'fp32',
    help: 'Format of matrix products: fp32 exact; bf16 smaller, fast where there are units for it; tf32 fast on NVIDIA GPUs, else fp32.',
  },
  attention: {
    type: 'choice',
    choices: ['auto', 'seq', 'grid', 'multi'],
    default: 'auto',
    help: 'Form of the attention computation: same results, other speed. auto chooses by the sampler.',
  },
  eval_strategy: {
    type: 'choice',
    choices: ['no', 'steps', 'epoch'],
    default: 'no',
    help: 'When the evaluation rows are scored during training; they are always scored at the end.',
  },
  eval_steps: {
    type: 'integer',
    default: null,
    min: 1,
    help: 'Steps between evaluations; more save time and show less. Left out: logging_steps if set, else 500.',
    when: { eval_strategy: { is: ['steps'] } },
  },
  logging_steps: {
    type: 'integer',
    default: 1,
    min: 1,
    help: 'Steps between recorded losses; more thin the curve. 1 here (transformers: 500): steps are stored and drawn.',
  },
  save_strategy: {
    type: 'choice',
    choices: ['no', 'steps', 'epoch', 'best'],
    default: 'steps',
    help: 'When checkpoints are written: never, by steps, each epoch, or when the metric is the best so far.',
  },
  save_steps: {
    type: 'integer',
    default: 500,
    min: 1,
    help: 'Steps between checkpoints; more save disk and lose more work when a run is killed.',
    when: { save_strategy: { is: ['steps'] } },
  },
  save_total_limit: {
    type: 'integer',
    default: null,
    min: 1,
    help: 'Checkpoints kept, the best one always among them; more need more disk. Left out: all.',
  },
  load_best_model_at_end: {
    type: 'switch',
    default: false,
    help: 'Ends with the checkpoint that evaluated best instead of the last one.',
    when: { eval_strategy: { isNot: 'no' } },
  },
  metric_for_best_model: {
    type: 'choice',
    choices: bestModelMetrics,
    default: null,
    help: 'The metric that says which checkpoint is best. Left out: loss.',
    when: {
      load_best_model_at_end: 'set',
      early_stopping_patience: 'set',
      save_strategy: { is: ['best'] },
    },
  },
  greater_is_better: {
    type: 'switch',
    default: null,
    help: 'Whether a higher metric is better. Left out: false for losses, true for the others.',
    when: { metric_for_best_model: 'effective' },
  },
  early_stopping_patience: {
    type: 'integer',
    default: null,
    min: 1,
    help: 'Evaluations without improvement after which training ends; more wait longer. Left out: never.',
    when: { eval_strategy: { isNot: 'no' } },
  },
  early_stopping_threshold: {
    type: 'number',
    default: 0,
    min: 0,
    help: 'Gain that counts as an improvement; higher stops sooner.',
    when: { early_stopping_patience: 'set' },
  },
} as const satisfies Settings;

/** The training part of a config once parsed: every name present. */
export type TrainingSettings = SettingsValues<typeof trainingSettings>;
