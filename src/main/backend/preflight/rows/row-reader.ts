import { Recent } from '../../../../shared/recent.ts';
import { taskModule, Threads } from '../../../engine/threads/threads.ts';
import type { LengthFacts, RowFacts, RowQuestion, tasks } from './row-facts.ts';

/** Reads facts of rows in a thread of its own, which starts with the first question; answers are kept. */
export class RowReader {
  private readonly threads = new Threads(taskModule<typeof tasks>(import.meta.url, './row-facts'));
  /** A form asks the same question at each change of a setting. */
  private readonly kept = new Recent<Promise<unknown>>(40);

  /** Throws `data/…`, `store/…`. */
  facts(question: RowQuestion): Promise<RowFacts> {
    return this.once(['facts', question], () => this.threads.ask('facts', question));
  }

  /** Throws `tokenizer/…` too. */
  lengths(question: RowQuestion, folder: string): Promise<LengthFacts> {
    return this.once([folder, question], () => this.threads.ask('lengths', { question, folder }));
  }

  close(): Promise<void> {
    return this.threads.close();
  }

  private once<Answer>(keys: unknown[], ask: () => Promise<Answer>): Promise<Answer> {
    return this.kept.get(JSON.stringify(keys), ask) as Promise<Answer>;
  }
}
