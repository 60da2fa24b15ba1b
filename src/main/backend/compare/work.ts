import { availableParallelism } from 'node:os';
import { extname } from 'node:path';
import { TaskThread } from '../task-thread.ts';
import type { TaskInput, TaskName, TaskOutput } from './tasks/index.ts';

type Tasks = { [Name in TaskName]: { input: TaskInput<Name>; output: TaskOutput<Name> } };
const entry = new URL(`./worker${extname(import.meta.url)}`, import.meta.url);

/** The threads of comparing: they read with connections of their own and change nothing. */
export class CompareWork {
  private readonly threads = Array.from(
    { length: Math.max(2, Math.min(4, availableParallelism())) },
    () => new TaskThread<Tasks>(entry, 'the compare area'),
  );

  /** On the first thread, which remembers what it was asked last. */
  ask<Name extends TaskName>(task: Name, input: TaskInput<Name>): Promise<TaskOutput<Name>> {
    return this.threads[0]!.ask(task, input);
  }

  /** Deals items out to all threads, each of which does `inputOf` its share. */
  async share<Name extends TaskName, Item>(
    task: Name,
    items: readonly Item[],
    inputOf: (items: Item[]) => TaskInput<Name>,
  ): Promise<TaskOutput<Name>[]> {
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
