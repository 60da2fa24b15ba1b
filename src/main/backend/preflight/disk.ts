import type { TrainingSettings } from '../../../shared/settings/training.ts';
import type { AdapterPlan } from '../../engine/peft/adapter.ts';
import { elements } from '../../engine/models/parameters.ts';
import type { Plan } from '../../engine/training/schedule.ts';

/** A tensor's entry in the header of a safetensors file, about. */
const headerBytes = 120;

/** Bytes of the adapter's file, in float32; a start that was taken out of the base stands in it too. */
export function adapterBytes({ saved, method }: AdapterPlan): number {
  const layers = [...(method.takenOut?.layers.values() ?? [])];
  const twice = new Set(layers.flatMap(({ a, b }) => [a, b]));
  return saved.reduce(
    (sum, { name, shape }) => sum + (twice.has(name) ? 8 : 4) * elements(shape) + headerBytes,
    8,
  );
}

/** Bytes that a run writes at most: its adapter, and checkpoints with both moments of AdamW. */
export function runBytes(
  plan: AdapterPlan,
  training: TrainingSettings,
  { totalSteps, stepsPerEpoch }: Plan,
): number {
  const adapter = adapterBytes(plan);
  // Weights and two moments; while one is written, the one that it replaces is still there.
  return adapter + 3 * adapter * (checkpointsKept(training, totalSteps, stepsPerEpoch) + 1);
}

function checkpointsKept(training: TrainingSettings, totalSteps: number, stepsPerEpoch: number): number {
  const { save_strategy: strategy, save_steps: every, save_total_limit: limit } = training;
  const saves =
    strategy === 'no'
      ? 0
      : strategy === 'steps'
        ? Math.ceil(totalSteps / every)
        : Math.ceil(totalSteps / stepsPerEpoch);
  const best = training.load_best_model_at_end ? 1 : 0;
  return limit === null ? saves : Math.min(saves, limit + best);
}
