import type { Adapter, combinationSchema } from '../../../shared/contract/adapters.ts';
import type { z } from 'zod';
import { list } from '../../format.ts';

type Combination = z.infer<typeof combinationSchema>;
export type Way = 'linear' | 'cat' | 'ties' | 'magnitude_prune' | 'dare_linear' | 'dare_ties';

interface WayFacts {
  name: string;
  /** What happens to the weights, in a sentence. */
  sentence: string;
  /** PEFT's name of it on whole weight changes; null: it has none. */
  whole: Combination | null;
  /** Which of the settings apply. */
  density: boolean;
  majoritySign: boolean;
  seed: boolean;
}

/** PEFT's combination types, the ones by SVD as a switch of their own. */
export const ways: Readonly<Record<Way, WayFacts>> = {
  linear: {
    name: 'Linear',
    sentence: 'Adds the adapters, each times its weight. The plain one to begin with.',
    whole: 'svd',
    density: false,
    majoritySign: false,
    seed: false,
  },
  cat: {
    name: 'Concatenate',
    sentence:
      'Puts the adapters side by side: exactly their weighted sum. The result is as large as all together.',
    whole: null,
    density: false,
    majoritySign: false,
    seed: false,
  },
  ties: {
    name: 'TIES',
    sentence: 'Keeps the largest values, lets the adapters vote on each sign, and averages those that agree.',
    whole: 'ties_svd',
    density: true,
    majoritySign: true,
    seed: false,
  },
  magnitude_prune: {
    name: 'Magnitude prune',
    sentence: 'Keeps the largest values of each adapter, then adds them, each times its weight.',
    whole: 'magnitude_prune_svd',
    density: true,
    majoritySign: false,
    seed: false,
  },
  dare_linear: {
    name: 'DARE',
    sentence: 'Drops values at random, scales up the rest, then adds them, each times its weight.',
    whole: 'dare_linear_svd',
    density: true,
    majoritySign: false,
    seed: true,
  },
  dare_ties: {
    name: 'DARE with TIES',
    sentence: 'Drops values at random, scales up the rest, and averages those whose sign wins the vote.',
    whole: 'dare_ties_svd',
    density: true,
    majoritySign: true,
    seed: true,
  },
};
export const wayNames = Object.keys(ways) as Way[];

/** The name that PEFT's `add_weighted_adapter` has for a way, on the two matrices or on whole weight changes. */
export const combinationOf = (way: Way, whole: boolean): Combination =>
  whole ? (ways[way].whole ?? way) : way;

/** Adding the two matrices needs equal ranks; side by side and whole changes do not. */
export const needsWhole = (adapters: readonly Pick<Adapter, 'rank'>[]): boolean =>
  new Set(adapters.map(({ rank }) => rank)).size > 1;

/** Why these cannot be combined; null: they can. */
export function notCombinable(adapters: readonly Adapter[]): string | null {
  const [first] = adapters;
  if (!first || adapters.length < 2) return 'Choose two or more.';
  if (adapters.length > 20) return 'Up to 20 at once.';
  const gone = adapters.find(({ present }) => !present);
  if (gone) return `The files of ${gone.name} are gone.`;
  const other = adapters.find(({ peftType }) => peftType !== 'LORA');
  if (other) return `Only LoRA adapters can be combined; ${other.name} is ${other.peftType}.`;
  const bases = [...new Set(adapters.map(({ modelName }) => modelName))];
  if (bases.length > 1) return `They are on different bases: ${list(bases)}.`;
  const labels = (one: Adapter) => JSON.stringify(one.labels);
  const unlike = adapters.find((one) => labels(one) !== labels(first));
  if (unlike) return `${first.name} and ${unlike.name} answer different labels.`;
  return null;
}
