import { z } from 'zod';
import type { ChildResult } from './child.ts';

/** Something that both sides tell of a run. */
export interface Quantity {
  name: string;
  /** `time`: less is faster; `memory`: less is smaller; `accuracy`: shown, not compared. */
  kind: 'time' | 'memory' | 'accuracy';
  /** Null where a program does not tell it. */
  of(run: ChildResult): number | null;
}

/** What a program printed under the first of `paths` (dots go into objects); of a list, the median. */
function printed(...paths: string[]): Quantity['of'] {
  return ({ line }) => {
    for (const path of paths) {
      let value: unknown = line;
      for (const key of path.split('.'))
        value = z.record(z.string(), z.unknown()).safeParse(value).data?.[key];
      const numbers = z
        .union([z.number().transform((n) => [n]), z.array(z.number()).min(1)])
        .safeParse(value);
      if (numbers.success) return median(numbers.data);
    }
    return null;
  };
}

const peakMemory: Quantity = {
  name: 'peak memory, MB',
  kind: 'memory',
  of: printed('peak_memory_mb', 'metrics.peak_memory_mb'),
};

/** Of `job`. The whole includes start-up, imports and tokenising. */
export const jobQuantities: Quantity[] = [
  { name: 'whole job, s', kind: 'time', of: (run) => run.wholeSeconds },
  {
    name: 'training, s',
    kind: 'time',
    of: printed('train_seconds', 'train_runtime', 'metrics.train_runtime'),
  },
  {
    name: 'evaluation, s',
    kind: 'time',
    of: printed('eval_seconds', 'eval_runtime', 'metrics.eval_runtime'),
  },
  peakMemory,
  {
    name: 'accuracy',
    kind: 'accuracy',
    of: printed('accuracy', 'metrics.accuracy', 'metrics.eval_accuracy'),
  },
];

/** Of `step`: the median step of a run. */
export const stepQuantities: Quantity[] = [
  { name: 'a step, s', kind: 'time', of: printed('seconds_per_step') },
  peakMemory,
];

/** Of `eval`: the forward passes over all rows, without start-up and tokenising. */
export const evalQuantities: Quantity[] = [
  { name: 'evaluation, s', kind: 'time', of: printed('seconds') },
  peakMemory,
];

/** The middle value; of an even number, the mean of the middle two. NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
