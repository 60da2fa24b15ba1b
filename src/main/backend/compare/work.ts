import { availableParallelism } from 'node:os';
import { taskModule, Threads, type TaskInput, type TaskOutput } from '../../engine/threads/threads.ts';
import type { tasks } from './tasks/index.ts';

type Tasks = typeof tasks;
const compareTasks = taskModule<Tasks>(import.meta.url, './tasks/index');

const SIZE = Math.max(2, Math.min(4, availableParallelism()));

/** The threads of comparing: they read with connections of their own and change nothing. */
export class CompareWork {
  private readonly remembering = new Threads(compareTasks);
  private readonly pool = new Threads(compareTasks, { size: SIZE });

  /** On the thread that remembers what it was asked last. */
  ask<Name extends keyof Tasks>(task: Name, input: TaskInput<Tasks, Name>): Promise<TaskOutput<Tasks, Name>> {
    return this.remembering.ask(task, input);
  }

  /** Deals items out to the other threads, each of which does `inputOf` its share. */
  share<Name extends keyof Tasks, Item>(
    task: Name,
    items: readonly Item[],
    inputOf: (items: Item[]) => TaskInput<Tasks, Name>,
  ): Promise<TaskOutput<Tasks, Name>[]> {
    const shares = Map.groupBy(items.entries(), ([i]) => i % SIZE);
    return Promise.all(
      Array.from(shares.values(), (own) => this.pool.ask(task, inputOf(own.map(([, item]) => item)))),
    );
  }

  async close(): Promise<void> {
    await Promise.all([this.remembering.close(), this.pool.close()]);
  }
}
