import { availableParallelism } from 'node:os';
import { taskModule, Threads, type TaskInput, type TaskOutput } from '../../engine/threads/threads.ts';
import type { tasks } from './tasks/index.ts';

type Tasks = typeof tasks;
const compareTasks = taskModule<Tasks>(import.meta.url, './tasks/index');

/** The threads of comparing: they read with connections of their own and change nothing. */
export class CompareWork {
  private readonly threads = Array.from(
    { length: Math.max(2, Math.min(4, availableParallelism())) },
    () => new Threads(compareTasks),
  );

  /** On the first thread, which remembers what it was asked last. */
  ask<Name extends keyof Tasks>(task: Name, input: TaskInput<Tasks, Name>): Promise<TaskOutput<Tasks, Name>> {
    return this.threads[0]!.ask(task, input);
  }

  /** Deals items out to all threads, each of which does `inputOf` its share. */
  async share<Name extends keyof Tasks, Item>(
    task: Name,
    items: readonly Item[],
    inputOf: (items: Item[]) => TaskInput<Tasks, Name>,
  ): Promise<TaskOutput<Tasks, Name>[]> {
    const shares = this.threads.map((_, thread) =>
      items.filter((__, i) => i % this.threads.length === thread),
    );
    return Promise.all(
      shares.flatMap((own, thread) =>
        own.length === 0 ? [] : [this.threads[thread]!.ask(task, inputOf(own))],
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}
