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
