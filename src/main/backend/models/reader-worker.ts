import { parentPort } from 'node:worker_threads';
import { Fault } from '../../../shared/faults/index.ts';
import { describeModel } from './describe.ts';
import { previewAdapter } from './preview-adapter.ts';
import type { TaskInput } from './reader.ts';
import { tokenize } from './tokens.ts';

type Question = {
  [Task in keyof TaskInput]: { id: number; task: Task; input: TaskInput[Task] };
}[keyof TaskInput];

function answer({ task, input }: Question): Promise<unknown> {
  switch (task) {
    case 'describe':
      return describeModel(input.folder);
    case 'tokenize':
      return tokenize(input.folder, input.text, input.textPair);
    case 'preview':
      return previewAdapter(input.folder, input.adapter, input.labels);
  }
}

if (parentPort !== null) {
  const port = parentPort;
  port.on('message', (question: Question) => {
    const { id } = question;
    answer(question).then(
      (output) => port.postMessage({ id, output }),
      (error: unknown) => {
        if (error instanceof Fault) port.postMessage({ id, fault: error.toJSON() });
        else port.postMessage({ id, defect: error instanceof Error ? error.message : String(error) });
      },
    );
  });
}
