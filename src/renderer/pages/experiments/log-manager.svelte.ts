import type { OutputOf } from '../../../shared/contract.ts';
import { Resource, type Rpc } from '../../kit.ts';

type Log = OutputOf<'experiments/log'>;

const pageSize = 200;

/** The log of an experiment from its end; `earlier`: how many older lines are not shown. */
export class LogManager extends Resource<{ lines: Log['items']; earlier: number }> {
  readonly #page: (offset: number, limit: number) => Promise<Log>;

  constructor(rpc: Rpc, id: string) {
    super(rpc, async () => {
      const start = await this.#page(0, pageSize);
      const earlier = Math.max(0, start.total - pageSize);
      return { lines: earlier === 0 ? start.items : (await this.#page(earlier, pageSize)).items, earlier };
    });
    this.#page = (offset, limit) => rpc.call('experiments/log', { id, offset, limit });
  }

  /** The page of lines before the first one shown. */
  async readEarlier(): Promise<void> {
    const { earlier = 0 } = this.value ?? {};
    const offset = Math.max(0, earlier - pageSize);
    if (earlier === 0) return;
    await this.attempt(async () => {
      const { items } = await this.#page(offset, earlier - offset);
      this.patch(({ lines }) => ({ lines: [...items, ...lines], earlier: offset }));
    });
  }
}
