import { methods } from '../../../shared/methods/index.ts';
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
  return methods
    .flatMap((method) => method.presets(targets))
    .map((preset) => ({ ...preset, training: { ...preset.training, ...own } }));
}
