import { methods } from '../../../shared/methods/index.ts';
import type { Preset } from '../../../shared/contract/experiments.ts';
import { fasterPrecision, type Speeds } from '../../engine/runtime/report.ts';
import { architectures } from '../../engine/models/architectures.ts';
import type { BaseModel } from '../../engine/models/base-model.ts';

/** The modules that LoRA's authors adapt, as this model names them. */
export const attentionTargets = (base: BaseModel | null): string[] => [
  ...(base?.architecture ?? architectures[0]!).names.attention,
];

/** Evaluated and kept once an epoch, so that a run can go on and its curve has points. */
const byEpoch = { eval_strategy: 'epoch', save_strategy: 'epoch', save_total_limit: 1, seed: 42 };

/**
 * The starting points of the form. `base`: the chosen model; null: none is chosen yet. `speeds`: the machine's;
 * presets take bf16 where it is the faster precision, and fp32, which is the default, where it is not or nothing is known.
 */
export function presetsFor(base: BaseModel | null, speeds: Speeds | null): Preset[] {
  const targets = attentionTargets(base);
  const precision = speeds && fasterPrecision(speeds).precision;
  const own = { ...byEpoch, ...(precision === 'bf16' ? { precision } : {}) };
  return methods
    .flatMap((method) => method.presets(targets))
    .map((preset) => ({ ...preset, training: { ...preset.training, ...own } }));
}
