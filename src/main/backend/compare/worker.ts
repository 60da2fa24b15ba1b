import { parentPort } from 'node:worker_threads';
import { answerTask } from '../answer-task.ts';
import { tasks, type TaskName } from './tasks/index.ts';

interface Asked {
  id: number;
  task: TaskName;
  input: unknown;
}

const run = async ({ task, input }: Asked): Promise<unknown> => {
  const load = tasks[task];
  return ((await load()) as (input: unknown) => unknown)(input);
};

// One task after the other.
let last = Promise.resolve();
parentPort?.on('message', (asked: Asked) => {
  last = last.then(() => answerTask(asked.id, () => run(asked)));
});
