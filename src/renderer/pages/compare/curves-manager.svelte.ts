import type { EventOf, FaultValue } from '../../../shared/contract.ts';
import { faultOf, type Rpc } from '../../kit.ts';
import { CurveColumns } from '../../charts/curve-columns.ts';
import type { RunCurve } from './compare-curves.ts';

/** So many curves are asked for at a time: other requests get their turn. */
const AT_ONCE = 4;
/** Curves that come within this time are drawn at once. */
const GATHER_MS = 400;

/** The curves of the chosen experiments, each as soon as it is there; a running one grows. */
export class CurvesManager {
  readonly #rpc: Rpc;
  readonly #known = new Map<string, RunCurve>();
  #wanted: readonly string[] = [];
  readonly #asking = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Those of the chosen experiments that are there, by id, in their order. They grow in place; a new map says that they did. */
  curves = $state.raw<ReadonlyMap<string, RunCurve>>(new Map());
  fault = $state.raw<FaultValue | null>(null);

  constructor(rpc: Rpc) {
    this.#rpc = rpc;
  }

  /** Reads what is missing of these. */
  async open(ids: readonly string[]): Promise<void> {
    this.#wanted = ids;
    this.fault = null;
    this.#show();
    const missing = ids.filter((id) => !this.#known.has(id) && !this.#asking.has(id));
    for (const id of missing) this.#asking.add(id);
    const readNext = async (): Promise<void> => {
      for (let id = missing.shift(); id !== undefined; id = missing.shift()) {
        // The page may have been left, or the run taken out, while it waited its turn.
        if (this.#wanted.includes(id)) await this.#read(id);
        else this.#asking.delete(id);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, readNext));
    this.#show();
  }

  /** Returns its own unsubscribe. */
  listen(): () => void {
    const stops = [
      this.#rpc.on('experiments/points', (points) => this.#take(points)),
      this.#rpc.on('system/restarted', () => {
        this.#known.clear();
        void this.open(this.#wanted);
      }),
    ];
    return () => {
      clearTimeout(this.#timer);
      this.#wanted = [];
      for (const stop of stops) stop();
    };
  }

  async #read(id: string): Promise<void> {
    try {
      const { curve, evaluations } = await this.#rpc.call('experiments/curve', { id });
      const columns = new CurveColumns();
      columns.append(curve);
      this.#known.set(id, { curve: columns, evaluations });
      this.#showSoon();
    } catch (error) {
      this.fault = faultOf(error);
    } finally {
      this.#asking.delete(id);
    }
  }

  #take({ id, curve, evaluations }: EventOf<'experiments/points'>): void {
    const known = this.#known.get(id);
    if (!known) return;
    known.curve.append(curve);
    const first = evaluations[0]?.step ?? Infinity;
    const before = known.evaluations.filter(({ step }) => step < first);
    this.#known.set(id, { curve: known.curve, evaluations: [...before, ...evaluations] });
    this.#showSoon();
  }

  #showSoon(): void {
    this.#timer ??= setTimeout(() => this.#show(), GATHER_MS);
  }
  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.curves = new Map(
      this.#wanted.flatMap((id) => {
        const curve = this.#known.get(id);
        return curve ? [[id, curve] as const] : [];
      }),
    );
  }
}
