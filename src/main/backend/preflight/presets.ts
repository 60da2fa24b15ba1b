import type { Preset } from '../../../shared/contract/experiments.ts';
import { fasterPrecision, type Speeds } from '../../engine/runtime/report.ts';
import { walk, type ModuleNode } from '../../engine/models/module-tree.ts';

/** Names of the query and value projections in the architectures of transformers, in the order they are looked for. */
const attentionNames = [
  ['query', 'value'],
  ['q_lin', 'v_lin'],
  ['query_proj', 'value_proj'],
  ['q_proj', 'v_proj'],
  ['q', 'v'],
  ['Wqkv'],
] as const;

/** The modules that LoRA's authors adapt, as this model names them; without a known pair every linear layer. */
export function attentionTargets(tree: ModuleNode | null): string[] | 'all-linear' {
  if (tree === null) return [...attentionNames[0]];
  const linear = new Set(
    [...walk(tree)].filter(({ node }) => node.type === 'Linear').map(({ node }) => node.name),
  );
  const found = attentionNames.find((names) => names.every((name) => linear.has(name)));
  return found ? [...found] : 'all-linear';
}

/** Evaluated and kept once an epoch, so that a run can go on and its curve has points. */
const byEpoch = { eval_strategy: 'epoch', save_strategy: 'epoch', save_total_limit: 1, seed: 42 };

/**
 * The starting points of the form. `tree`: the chosen model's modules; null: none is chosen yet. `speeds`: the machine's;
 * presets take bf16 where it is the faster precision, and fp32, which is the default, where it is not or nothing is known.
 */
export function presetsFor(tree: ModuleNode | null, speeds: Speeds | null): Preset[] {
  const targets = attentionTargets(tree);
  const precision = speeds && fasterPrecision(speeds).precision;
  const own = { ...byEpoch, ...(precision === 'bf16' ? { precision } : {}) };
  const lora = { peft_type: 'LORA', task_type: 'SEQ_CLS', bias: 'none' };
  return [
    {
      key: 'article',
      name: 'LoRA r=16 (standard)',
      help: 'Rank 16 on the attention layers: close to full fine-tuning with about one weight in a hundred.',
      adapter: { ...lora, r: 16, lora_alpha: 32, lora_dropout: 0.05, target_modules: targets },
      training: {
        num_train_epochs: 3,
        learning_rate: 1e-3,
        per_device_train_batch_size: 8,
        ...own,
      },
    },
    {
      key: 'small',
      name: 'Small and fast',
      help: 'Rank 4 and larger batches: the smallest file and the shortest run, often a point less accurate.',
      adapter: { ...lora, r: 4, lora_alpha: 8, lora_dropout: 0, target_modules: targets },
      training: {
        num_train_epochs: 2,
        learning_rate: 1e-3,
        per_device_train_batch_size: 16,
        sampler: 'group_by_length',
        ...own,
      },
    },
    {
      key: 'best',
      name: 'Best accuracy',
      help: 'Rank 32 on every linear layer and more epochs, the best one kept: slower, and the most accurate of these.',
      adapter: { ...lora, r: 32, lora_alpha: 64, lora_dropout: 0.1, target_modules: 'all-linear' },
      training: {
        num_train_epochs: 6,
        learning_rate: 5e-4,
        per_device_train_batch_size: 16,
        warmup_steps: 0.06,
        load_best_model_at_end: true,
        metric_for_best_model: 'f1_macro',
        ...own,
      },
    },
    {
      key: 'head',
      name: 'Head only',
      help: 'The encoder stays as it is and only the classifier learns: very fast, a floor that LoRA has to beat.',
      adapter: { peft_type: 'HEAD_ONLY' },
      training: {
        num_train_epochs: 5,
        learning_rate: 2e-3,
        per_device_train_batch_size: 16,
        ...own,
      },
    },
    {
      key: 'full',
      name: 'Full',
      help: 'Every weight trains: the most memory and a file as large as the model, a ceiling to compare LoRA with.',
      adapter: { peft_type: 'FULL' },
      training: {
        num_train_epochs: 3,
        learning_rate: 3e-5,
        per_device_train_batch_size: 16,
        warmup_steps: 0.06,
        weight_decay: 0.01,
        ...own,
      },
    },
  ];
}
