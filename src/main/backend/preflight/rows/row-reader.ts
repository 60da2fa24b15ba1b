import { Recent } from '../../../../shared/recent.ts';
import { taskModule, Threads } from '../../../engine/threads/threads.ts';
import type { LengthSummary, RowSummary, RowQuestion, tasks } from './row-summary.ts';

/** Counts rows in a thread of its own, which starts with the first question; answers are kept. */
export class RowReader {
  private readonly threads = new Threads(taskModule<typeof tasks>(import.meta.url, './row-summary'));
  /** A form asks the same question at each change of a setting. */
  private readonly kept = new Recent<Promise<unknown>>(40);

  /** Throws `data/…`, `store/…`. */
  summary(question: RowQuestion): Promise<RowSummary> {
    return this.once(['summary', question], () => this.threads.ask('summary', question));
  }

  /** Throws `tokenizer/…` too. */
  lengths(question: RowQuestion, folder: string): Promise<LengthSummary> {
    return this.once([folder, question], () => this.threads.ask('lengths', { question, folder }));
  }

  close(): Promise<void> {
    return this.threads.close();
  }

  private once<Answer>(keys: unknown[], ask: () => Promise<Answer>): Promise<Answer> {
    return this.kept.get(JSON.stringify(keys), ask) as Promise<Answer>;
  }
}
