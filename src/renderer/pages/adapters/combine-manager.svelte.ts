import type { Adapter } from '../../../shared/contract/adapters.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { Rpc } from '../../rpc.ts';
import { isSeed, seedRule } from '../../seed.ts';
import { combinationOf, needsWhole, ways, type Way } from './combinations.ts';

/** The form that makes one adapter of several: their weights, the way, and the settings that apply to it. */
export class CombineManager {
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
  #jobId = $state.raw<string | null>(null);
  #busy = $state(false);
  #fault = $state.raw<FaultValue | null>(null);

  constructor(rpc: Pick<Rpc, 'call'>, adapters: readonly Adapter[]) {
    this.#rpc = rpc;
    this.adapters = adapters;
    this.unequalRanks = needsWhole(adapters);
    // Equal parts of one: the result answers on the same scale as each of them.
    this.weights = adapters.map(() => Number((1 / adapters.length).toFixed(3)));
    this.name = adapters
      .map(({ name }) => name)
      .join(' + ')
      .slice(0, 200);
  }

  /** Whether whole weight changes are combined instead of the two matrices. */
  get whole(): boolean {
    return ways[this.way].whole !== null && (this.#wanted || this.unequalRanks);
  }
  set whole(wanted: boolean) {
    this.#wanted = wanted;
  }
  /** The job under way. */
  get jobId(): string | null {
    return this.#jobId;
  }
  get busy(): boolean {
    return this.#busy;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }

  /** Why it cannot start; null: it can. */
  get reason(): string | null {
    const { density, seed } = ways[this.way];
    if (this.weights.includes(null)) return 'Each adapter needs a weight.';
    if (this.weights.reduce<number>((sum, weight) => sum + (weight ?? 0), 0) === 0)
      return 'The weights must not add up to 0.';
    if (this.name.trim() === '') return 'It needs a name.';
    if (density && (this.density === null || this.density <= 0 || this.density > 1))
      return 'The share kept lies above 0 and at most at 1.';
    if (seed && !isSeed(this.seed)) return seedRule;
    return null;
  }

  /** Begins; `jobId` is its job. */
  async start(): Promise<void> {
    if (this.reason !== null) return;
    this.#busy = true;
    this.#fault = null;
    const used = ways[this.way];
    try {
      const { jobId } = await this.#rpc.call('adapters/merge', {
        name: this.name.trim(),
        parts: this.adapters.map(({ id }, i) => ({ id, weight: this.weights[i] ?? 0 })),
        combination: combinationOf(this.way, this.whole),
        ...(used.density && this.density !== null ? { density: this.density } : {}),
        ...(used.majoritySign ? { majoritySign: this.majoritySign } : {}),
        ...(used.seed && this.seed !== null ? { seed: this.seed } : {}),
      });
      this.#jobId = jobId;
    } catch (error) {
      this.#fault = faultOf(error);
    } finally {
      this.#busy = false;
    }
  }
  /** The job ended without a result: the form is open again. */
  ended(): void {
    this.#jobId = null;
  }
}
