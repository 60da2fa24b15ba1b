import type { Evaluation, PredictionRow } from '../../../shared/contract/experiments.ts';
import type { FaultValue } from '../../../shared/contract/message.ts';
import { faultOf } from '../../../shared/rpc-client.ts';
import { classDetailSchema } from '../../../shared/tasks/single-label.ts';
import type { Rpc } from '../../rpc.ts';

/** Which rows are looked at, and which of them first. */
export interface RowChoice {
  only: 'all' | 'wrong' | 'right';
  order: 'row' | 'confident' | 'worst' | 'best';
}

const pageSize = 50;

/** The evaluation of an experiment and the rows behind it. */
export class EvaluationManager {
  readonly #rpc: Rpc;
  readonly #id: string;
  #evaluation = $state.raw<Evaluation | null>(null);
  #read = $state(false);
  #fault = $state.raw<FaultValue | null>(null);
  #rows = $state.raw<PredictionRow[] | null>(null);
  #total = $state(0);
  #rowsFault = $state.raw<FaultValue | null>(null);
  #choice = $state.raw<RowChoice>({ only: 'wrong', order: 'confident' });
  #asked = 0;

  constructor(rpc: Rpc, id: string) {
    this.#rpc = rpc;
    this.#id = id;
  }

  /** Null: none yet, once `read` is true. */
  get evaluation(): Evaluation | null {
    return this.#evaluation;
  }
  get read(): boolean {
    return this.#read;
  }
  get fault(): FaultValue | null {
    return this.#fault;
  }
  get rows(): PredictionRow[] | null {
    return this.#rows;
  }
  get total(): number {
    return this.#total;
  }
  /** Whether it was evaluated but its answers are not kept: by an older release, or removed since. */
  get withoutAnswers(): boolean {
    if (this.#rows === null || this.#total > 0) return false;
    const { only } = this.#choice;
    return only === 'all' || (only === 'wrong' && this.#errors > 0);
  }
  get #errors(): number {
    const { data } = classDetailSchema.safeParse(this.#evaluation);
    return (data?.confusion ?? [])
      .flatMap((row, at) => row.filter((_, other) => other !== at))
      .reduce((sum, one) => sum + one, 0);
  }
  get rowsFault(): FaultValue | null {
    return this.#rowsFault;
  }
  get choice(): RowChoice {
    return this.#choice;
  }

  async open(): Promise<void> {
    try {
      this.#evaluation = (await this.#rpc.call('experiments/evaluation', { id: this.#id })).evaluation;
      this.#fault = null;
    } catch (error) {
      this.#fault = faultOf(error);
    }
    this.#read = true;
    if (this.#evaluation) await this.choose(this.#choice);
  }

  /** Shows other rows; the ones before stay until they are there. */
  async choose(choice: RowChoice): Promise<void> {
    this.#choice = choice;
    await this.#page(choice, []);
  }
  async more(): Promise<void> {
    await this.#page(this.#choice, this.#rows ?? []);
  }

  async #page(choice: RowChoice, before: PredictionRow[]): Promise<void> {
    const asked = ++this.#asked;
    try {
      const page = await this.#rpc.call('experiments/predictions', {
        id: this.#id,
        ...choice,
        offset: before.length,
        limit: pageSize,
      });
      if (asked !== this.#asked) return;
      this.#rows = [...before, ...page.items];
      this.#total = page.total;
      this.#rowsFault = null;
    } catch (error) {
      const fault = faultOf(error);
      if (asked === this.#asked) this.#rowsFault = fault;
    }
  }
}
