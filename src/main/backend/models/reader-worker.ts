import { parentPort } from 'node:worker_threads';
import { systemFault } from '../../../shared/faults/system.ts';
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

if (parentPort !== null) {
  const port = parentPort;
  port.on('message', (question: Question) => {
    const { id } = question;
    answer(question).then(
      (output) => port.postMessage({ id, output }),
      (error: unknown) => {
        const known = systemFault(error);
        if (known) port.postMessage({ id, fault: known.toJSON() });
        else port.postMessage({ id, defect: error instanceof Error ? error.message : String(error) });
      },
    );
  });
}
