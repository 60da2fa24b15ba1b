import { keepRunCount, uncounted } from '../../storage/run-figures.ts';
import type { BackendContext } from '../context.ts';
import { readRuns } from './runs.ts';
import type { RunInput } from './tasks/answers.ts';
import type { CompareWork } from './work.ts';

/** So many runs are written between two turns of the event loop. */
const AT_ONCE = 10;

/** What is counted of each run once: by the threads, written down here. */
export class Figures {
  private readonly context: BackendContext;
  private readonly work: CompareWork;
  private last: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(context: BackendContext, work: CompareWork) {
    this.context = context;
    this.work = work;
  }

  /** Counts those of the runs that were not counted since they ended. Two that ask for the same count it once. */
  async count(runs: readonly RunInput[]): Promise<void> {
    const mine = this.last.catch(() => undefined).then(() => this.countNow(runs));
    this.last = mine;
    return mine;
  }

  /** Counts a run that has just ended, so that its figures are there when a person looks. */
  async countEnded(id: string): Promise<void> {
    if (this.closed) return;
    try {
      const [run] = await readRuns(this.context, [id]);
      if (run?.answers) await this.count([run.answers]);
    } catch {
      // Whoever compares it is told what went wrong; here nobody asked.
    }
  }

  /** Nothing is written any more. */
  async close(): Promise<void> {
    this.closed = true;
    await this.work.close();
    await this.last.catch(() => undefined);
  }

  private async countNow(runs: readonly RunInput[]): Promise<void> {
    if (this.closed) return;
    const { db, workspace } = this.context;
    const missing = uncounted(db, runs);
    if (missing.length === 0) return;
    const database = workspace.database;
    const counted = await this.work.share('count', missing, (share) => ({ database, runs: share }));
    const all = counted.flat();
    for (let from = 0; from < all.length; from += AT_ONCE) {
      db.transaction(() => {
        for (const run of all.slice(from, from + AT_ONCE)) keepRunCount(db, run);
      })();
      await new Promise(setImmediate);
    }
  }
}
