import type { OutputOf } from '../../../shared/contract.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import type { Rpc } from '../../rpc.ts';

export type LogLine = OutputOf<'experiments/log'>['items'][number];
export type RunFile = OutputOf<'experiments/files'>['files'][number];

const pageSize = 200;

/** The log of an experiment from its end, and the files of its folder. */
export class LogManager {
  readonly #rpc: Rpc;
  readonly #id: string;
  #lines = $state.raw<LogLine[] | null>(null);
  /** Place of the first line that is shown. */
  #first = $state(0);
  #files = $state.raw<RunFile[] | null>(null);
  #fault = $state.raw<FaultValue | null>(null);
  #filesFault = $state.raw<FaultValue | null>(null);

  constructor(rpc: Rpc, id: string) {
    this.#rpc = rpc;
    this.#id = id;
  }

  get lines(): LogLine[] | null {
    return this.#lines;
  }
  /** How many older lines are not shown. */
  get earlier(): number {
    return this.#first;
  }
  get files(): RunFile[] | null {
    return this.#files;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get filesFault(): FaultValue | null {
    return this.#filesFault;
  }

  async open(): Promise<void> {
    await Promise.all([this.#readEnd(), this.#readFiles()]);
  }
  /** The page of lines before the first one shown. */
  async readEarlier(): Promise<void> {
    const offset = Math.max(0, this.#first - pageSize);
    const limit = this.#first - offset;
    if (limit === 0) return;
    await this.#guard(async () => {
      const { items } = await this.#log(offset, limit);
      this.#lines = [...items, ...(this.#lines ?? [])];
      this.#first = offset;
    });
  }

  async #readEnd(): Promise<void> {
    await this.#guard(async () => {
      const start = await this.#log(0, pageSize);
      this.#first = Math.max(0, start.total - pageSize);
      this.#lines = this.#first === 0 ? start.items : (await this.#log(this.#first, pageSize)).items;
    });
  }
  async #readFiles(): Promise<void> {
    try {
      this.#files = (await this.#rpc.call('experiments/files', { id: this.#id })).files;
      this.#filesFault = null;
    } catch (error) {
      this.#filesFault = faultOf(error);
    }
  }
  #log(offset: number, limit: number): Promise<OutputOf<'experiments/log'>> {
    return this.#rpc.call('experiments/log', { id: this.#id, offset, limit });
  }
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
  }
}
