import type { z } from 'zod';
import type { Adapter, combinationSchema } from '../../../shared/contract.ts';
import { combinableMethods, methodOf } from '../../../shared/methods/index.ts';
import { Attempts, list, type Rpc } from '../../kit.ts';
import { isSeed, seedRule } from '../../seed.ts';

type Combination = z.infer<typeof combinationSchema>;
export type Way = 'linear' | 'cat' | 'ties' | 'magnitude_prune' | 'dare_linear' | 'dare_ties';

/** PEFT's combination types, the ones by SVD as a switch of their own: what happens to the weights, and by which settings. */
export const ways: Readonly<
  Record<Way, { name: string; sentence: string; settings: readonly ('density' | 'majoritySign' | 'seed')[] }>
> = {
  linear: {
    name: 'Linear',
    sentence: 'Adds the adapters, each times its weight. The plain one to begin with.',
    settings: [],
  },
  cat: {
    name: 'Concatenate',
    sentence:
      'Puts the adapters side by side: exactly their weighted sum. The result is as large as all together.',
    settings: [],
  },
  ties: {
    name: 'TIES',
    sentence: 'Keeps the largest values, lets the adapters vote on each sign, and averages those that agree.',
    settings: ['density', 'majoritySign'],
  },
  magnitude_prune: {
    name: 'Magnitude prune',
    sentence: 'Keeps the largest values of each adapter, then adds them, each times its weight.',
    settings: ['density'],
  },
  dare_linear: {
    name: 'DARE',
    sentence: 'Drops values at random, scales up the rest, then adds them, each times its weight.',
    settings: ['density', 'seed'],
  },
  dare_ties: {
    name: 'DARE with TIES',
    sentence: 'Drops values at random, scales up the rest, and averages those whose sign wins the vote.',
    settings: ['density', 'majoritySign', 'seed'],
  },
};
export const wayNames = Object.keys(ways) as Way[];

/** Side by side is exact as it is; the others can be done on whole weight changes too. */
export const canUseSvd = (way: Way): boolean => way !== 'cat';
/** The name that PEFT's `add_weighted_adapter` has for a way, on the two matrices or on whole weight changes. */
export function combinationOf(way: Way, svd: boolean): Combination {
  if (!svd || way === 'cat') return way;
  return way === 'linear' ? 'svd' : `${way}_svd`;
}

/** Adding the two matrices needs equal ranks; side by side and whole changes do not. */
const needsSvd = (adapters: readonly Pick<Adapter, 'rank'>[]): boolean =>
  new Set(adapters.map(({ rank }) => rank)).size > 1;

/** Why these cannot be combined; null: they can. */
export function notCombinable(adapters: readonly Adapter[]): string | null {
  const [first] = adapters;
  if (!first || adapters.length < 2) return 'Choose two or more.';
  if (adapters.length > 20) return 'Up to 20 at once.';
  const gone = adapters.find(({ present }) => !present);
  if (gone) return `The files of ${gone.name} are gone.`;
  const other = adapters.find(({ peftType }) => !methodOf(peftType)?.combinable);
  if (other)
    return `Only ${combinableMethods()} adapters can be combined; ${other.name} is ${other.peftType}.`;
  const bases = [...new Set(adapters.map(({ modelName }) => modelName))];
  if (bases.length > 1) return `They are on different bases: ${list(bases)}.`;
  const labelsOf = ({ labels }: Adapter) => JSON.stringify(labels);
  const unlike = adapters.find((adapter) => labelsOf(adapter) !== labelsOf(first));
  if (unlike) return `${first.name} and ${unlike.name} answer different labels.`;
  return null;
}

/** The form that makes one adapter of several: their weights, the way, and the settings that apply to it. */
export class CombineManager extends Attempts {
  readonly #rpc: Pick<Rpc, 'call'>;
  readonly adapters: readonly Adapter[];
  readonly unequalRanks: boolean;
  weights = $state<(number | null)[]>([]);
  name = $state('');
  way = $state<Way>('linear');
  density = $state<number | null>(0.5);
  majoritySign = $state<'total' | 'frequency'>('total');
  seed = $state<number | null>(42);
  #wanted = $state(false);
  /** The job under way; null again when it ended without a result: the form is open then. */
  jobId = $state.raw<string | null>(null);

  constructor(rpc: Pick<Rpc, 'call'>, adapters: readonly Adapter[]) {
    super();
    this.#rpc = rpc;
    this.adapters = adapters;
    this.unequalRanks = needsSvd(adapters);
    // Equal parts of one: the result answers on the same scale as each of them.
    this.weights = adapters.map(() => Number((1 / adapters.length).toFixed(3)));
    this.name = adapters
      .map(({ name }) => name)
      .join(' + ')
      .slice(0, 200);
  }

  /** Whether whole weight changes are combined instead of the two matrices. */
  get svd(): boolean {
    return canUseSvd(this.way) && (this.#wanted || this.unequalRanks);
  }
  set svd(wanted: boolean) {
    this.#wanted = wanted;
  }

  /** Why it cannot start; null: it can. */
  get reason(): string | null {
    if (this.weights.includes(null)) return 'Each adapter needs a weight.';
    if (this.weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0) === 0)
      return 'The weights must not add up to 0.';
    if (this.name.trim() === '') return 'It needs a name.';
    if (this.uses('density') && (this.density === null || this.density <= 0 || this.density > 1))
      return 'The share kept lies above 0 and at most at 1.';
    if (this.uses('seed') && !isSeed(this.seed)) return seedRule;
    return null;
  }

  /** Whether a setting applies to the way. */
  uses(setting: (typeof ways)[Way]['settings'][number]): boolean {
    return ways[this.way].settings.includes(setting);
  }

  /** Begins; `jobId` is its job. */
  async start(): Promise<void> {
    if (this.reason !== null) return;
    const reply = await this.attempt(() =>
      this.#rpc.call('adapters/merge', {
        name: this.name.trim(),
        parts: this.adapters.map(({ id }, i) => ({ id, weight: this.weights[i] ?? 0 })),
        combination: combinationOf(this.way, this.svd),
        ...(this.uses('density') && this.density !== null ? { density: this.density } : {}),
        ...(this.uses('majoritySign') ? { majoritySign: this.majoritySign } : {}),
        ...(this.uses('seed') && this.seed !== null ? { seed: this.seed } : {}),
      }),
    );
    this.jobId = reply?.jobId ?? null;
  }
}
