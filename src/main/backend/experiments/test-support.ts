import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Experiment, ExperimentState } from '../../../shared/contract/experiments.ts';
import type { InputOf } from '../../../shared/contract.ts';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { insertModel } from '../../storage/test-support.ts';
import type { TestBackend } from '../test-support.ts';

const goldenModel = path.resolve(import.meta.dirname, '../../../../fixtures/golden/seed1/models/bert');

const words = 'food great service slow loved come back again free entry win prize claim call good bad'.split(
  ' ',
);

/** A model and a data set version in the store: 62 rows to train on, 20 to evaluate, two labels in turns. */
export async function seedStore(backend: TestBackend): Promise<{ modelId: string; versionId: string }> {
  const modelId = randomUUID();
  insertModel(backend.context.db, { id: modelId, name: 'tiny', folder: goldenModel });
  const random = new Pcg64(1);
  const rows = Array.from({ length: 82 }, (_, i) => {
    const text = Array.from({ length: 1 + random.integers(10) }, () => words[random.integers(words.length)]!);
    return `${i + 1} ${text.join(' ')},${i % 2 === 0 ? 'ham' : 'spam'},${i < 62 ? 'train' : 'test'}`;
  });
  const file = path.join(backend.context.workspace.inbox, 'messages.csv');
  await writeFile(file, ['text,label,split', ...rows, ''].join('\n'));
  const { jobId } = await backend.call('datasets/import', {
    source: { kind: 'files', files: [{ path: file }] },
    name: 'Messages',
    mapping: { text: 'text', textPair: null, label: 'label', split: 'split', extra: [] },
  });
  const { result, fault } = await backend.context.jobs.finished(jobId);
  if (result === null) throw new Error(fault?.message ?? 'The import came to nothing.');
  return { modelId, versionId: result };
}

type SpecInput = InputOf<'experiments/create'>['spec'];

/** A small experiment on the seeded store with dropout on: 48 steps, a checkpoint every 20. */
export function smallSpec(
  seeded: { modelId: string; versionId: string },
  training: Record<string, unknown> = {},
  change: Partial<SpecInput> = {},
): SpecInput {
  return {
    ...seeded,
    data: { trainSplit: 'train', evalSplit: 'test' },
    adapter: {
      peft_type: 'LORA',
      r: 4,
      lora_alpha: 8,
      lora_dropout: 0.1,
      target_modules: ['query', 'value'],
    },
    training: {
      per_device_train_batch_size: 4,
      num_train_epochs: 3,
      learning_rate: 5e-3,
      save_strategy: 'steps',
      save_steps: 20,
      eval_strategy: 'epoch',
      ...training,
    },
    ...change,
  };
}

/** One that lasts until it is ended: thousands of steps. */
export const longTraining = { num_train_epochs: 500, eval_strategy: 'no', save_strategy: 'no' };

/** The experiment as soon as it is in `state`. */
export async function inState(
  backend: TestBackend,
  id: string,
  ...states: ExperimentState[]
): Promise<Experiment> {
  const wanted = (changed: Experiment): boolean => changed.id === id && states.includes(changed.state);
  const next = backend.nextEvent('experiments/changed', wanted);
  const { experiment } = await backend.call('experiments/read', { id });
  return wanted(experiment) ? experiment : next;
}

/** The experiment as soon as it has made so many steps. */
export async function atStep(backend: TestBackend, id: string, step: number): Promise<void> {
  await backend.nextEvent(
    'experiments/points',
    (points) => points.id === id && points.curve.step.at(-1)! >= step,
  );
}

/** The bytes that a run ends with. */
export async function outcomeOf(folder: string): Promise<{ adapter: string; predictions: string }> {
  const adapter = await readFile(path.join(folder, 'adapter_model.safetensors'));
  return {
    adapter: adapter.toString('base64'),
    predictions: await readFile(path.join(folder, 'predictions.jsonl'), 'utf8'),
  };
}
