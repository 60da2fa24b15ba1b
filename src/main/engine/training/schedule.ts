import type { TrainingSettings } from '../../../shared/settings/training.ts';

/** Learning-rate schedules of transformers (`optimization.py`): the factor on the peak rate at step `step` (from 0). */

export interface ScheduleSettings {
  type: 'linear' | 'cosine' | 'constant' | 'constant_with_warmup' | 'polynomial';
  warmupSteps: number;
  totalSteps: number;
  /** Peak rate; polynomial needs it to reach `endRate`. */
  learningRate: number;
  power: number;
  endRate: number;
  cycles: number;
}

export interface Plan {
  stepsPerEpoch: number;
  totalSteps: number;
  schedule: ScheduleSettings;
}

/** The length of a run and its learning rates, as Trainer works them out. */
export function planSteps(rows: number, settings: TrainingSettings): Plan {
  const batches = Math.ceil(rows / settings.per_device_train_batch_size);
  const stepsPerEpoch = Math.max(1, Math.ceil(batches / settings.gradient_accumulation_steps));
  const totalSteps =
    settings.max_steps > 0 ? settings.max_steps : Math.ceil(settings.num_train_epochs * stepsPerEpoch);
  const { warmup_steps: warmup, lr_scheduler_kwargs: details } = settings;
  const schedule: ScheduleSettings = {
    type: settings.lr_scheduler_type,
    warmupSteps: warmup >= 1 ? warmup : Math.ceil(totalSteps * warmup),
    totalSteps,
    learningRate: settings.learning_rate,
    power: details.power,
    endRate: details.lr_end,
    cycles: details.num_cycles,
  };
  return { stepsPerEpoch, totalSteps, schedule };
}

export function learningRateAt(step: number, settings: ScheduleSettings): number {
  return settings.learningRate * factorAt(step, settings);
}

function factorAt(step: number, settings: ScheduleSettings): number {
  const { type, warmupSteps, totalSteps, learningRate, power, endRate, cycles } = settings;
  if (type === 'constant') return 1;
  if (step < warmupSteps) return step / Math.max(1, warmupSteps);
  if (type === 'constant_with_warmup') return 1;
  if (type === 'polynomial' && step > totalSteps) return endRate / learningRate;
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  if (type === 'linear') return Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
  if (type === 'cosine') return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * cycles * 2 * progress)));
  return ((learningRate - endRate) * (1 - progress) ** power + endRate) / learningRate;
}
