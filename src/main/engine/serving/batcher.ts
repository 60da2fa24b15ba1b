/** Too many wait already. */
export class QueueFullError extends Error {}

export interface BatcherOptions<Item, Answer> {
  /** As many answers as items, in their order. */
  answer: (items: Item[]) => Promise<Answer[]>;
  /** Items answered at once; a request is never cut in two. */
  mostAtOnce: number;
  /** Items that may wait beside those that are being answered. */
  mostWaiting: number;
}

interface Waiting<Item, Answer> {
  items: Item[];
  resolve: (answers: Answer[]) => void;
  reject: (error: unknown) => void;
}

/** So long the first request waits for others that come with it. */
const GATHER_MS = 3;

/** Puts requests that come together, or while others are answered, into one batch. First come, first served. */
export class Batcher<Item, Answer> {
  private readonly options: BatcherOptions<Item, Answer>;
  private queue: Waiting<Item, Answer>[] = [];
  private working: Promise<void> | undefined;

  constructor(options: BatcherOptions<Item, Answer>) {
    this.options = options;
  }

  /** Items that wait. */
  get waiting(): number {
    return this.queue.reduce((sum, { items }) => sum + items.length, 0);
  }

  /** Rejects with a QueueFullError, and as `answer` does. */
  ask(items: Item[]): Promise<Answer[]> {
    if (this.queue.length > 0 && this.waiting + items.length > this.options.mostWaiting)
      return Promise.reject(new QueueFullError());
    return new Promise((resolve, reject) => {
      this.queue.push({ items, resolve, reject });
      this.working ??= this.work();
    });
  }

  /** Resolves when nothing waits and nothing is being answered. */
  async idle(): Promise<void> {
    await this.working;
  }

  private async work(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    while (this.queue.length > 0) await this.answerSome();
    this.working = undefined;
  }

  private async answerSome(): Promise<void> {
    let size = 0;
    const fits = ({ items }: Waiting<Item, Answer>): boolean =>
      size === 0 || size + items.length <= this.options.mostAtOnce;
    const batch: Waiting<Item, Answer>[] = [];
    while (this.queue[0] && fits(this.queue[0])) {
      size += this.queue[0].items.length;
      batch.push(this.queue.shift()!);
    }
    try {
      const answers = await this.options.answer(batch.flatMap(({ items }) => items));
      let at = 0;
      for (const { items, resolve } of batch) resolve(answers.slice(at, (at += items.length)));
    } catch (error) {
      if (batch.length === 1) batch[0]!.reject(error);
      else for (const one of batch) await this.answerAlone(one);
    }
  }

  /** What one request brings down must not bring down those that came with it. */
  private async answerAlone({ items, resolve, reject }: Waiting<Item, Answer>): Promise<void> {
    try {
      resolve(await this.options.answer(items));
    } catch (error) {
      reject(error);
    }
  }
}
