import { taskModule, Threads } from '../../../engine/threads/threads.ts';
import type { LengthFacts, RowFacts, RowQuestion, tasks } from './row-facts.ts';

/** Answers kept; a form asks the same question at each change of a setting. */
const mostKept = 40;

/** Reads facts of rows in a thread of its own, which starts with the first question; answers are kept. */
export class RowReader {
  private readonly threads = new Threads(taskModule<typeof tasks>(import.meta.url, './row-facts'));
  private readonly kept = new Map<string, Promise<unknown>>();

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
    const key = JSON.stringify(keys);
    const known = this.kept.get(key) as Promise<Answer> | undefined;
    if (known) return known;
    const answer = ask();
    this.kept.set(key, answer);
    const [oldest] = this.kept.keys();
    if (this.kept.size > mostKept) this.kept.delete(oldest!);
    answer.catch(() => this.kept.delete(key));
    return answer;
  }
}
