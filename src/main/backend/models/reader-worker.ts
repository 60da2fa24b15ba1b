import { parentPort } from 'node:worker_threads';
import { answerTask } from '../answer-task.ts';
import type { TaskInput } from './reader.ts';

type Question = {
  [Task in keyof TaskInput]: { id: number; task: Task; input: TaskInput[Task] };
}[keyof TaskInput];

/** Each task loads what it needs when it is first asked for: the first answer comes sooner. */
async function answer({ task, input }: Question): Promise<unknown> {
  switch (task) {
    case 'describe': {
      const { describeModel } = await import('./describe.ts');
      return describeModel(input.folder);
    }
    case 'tokenize': {
      const { tokenize } = await import('./tokens.ts');
      return tokenize(input.folder, input.text, input.textPair);
    }
    case 'preview': {
      const { previewAdapter } = await import('./preview-adapter.ts');
      return previewAdapter(input.folder, input.adapter, input.labels);
    }
  }
}

parentPort?.on('message', (question: Question) => {
  void answerTask(question.id, () => answer(question));
});
