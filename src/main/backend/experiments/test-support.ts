import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { Experiment, ExperimentSpec, ExperimentState } from '../../../shared/contract/experiments.ts';
import type { InputOf } from '../../../shared/contract.ts';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import type { BackendContext } from '../context.ts';
import type { TestBackend } from '../test-support.ts';

export const goldenModel = path.resolve(import.meta.dirname, '../../../../fixtures/golden/seed1/models/bert');

const words = 'food great service slow loved come back again free entry win prize claim call good bad'.split(
  ' ',
);

/** A model and a data set version in the store: 62 rows to train on, 20 to evaluate, two labels in turns. */
export function seedStore({ db, workspace }: Pick<BackendContext, 'db' | 'workspace'>): {
  modelId: string;
  versionId: string;
} {
  const [modelId, datasetId, versionId] = [randomUUID(), randomUUID(), randomUUID()];
  const sha256 = 'a'.repeat(64);
  const version = new Database(path.join(workspace.datasets, `${sha256}.db`));
  version.exec(`
    CREATE TABLE rows (row INTEGER PRIMARY KEY, text TEXT NOT NULL, text_pair TEXT, label INTEGER, split INTEGER,
      characters INTEGER NOT NULL, text_hash BLOB, extra TEXT) STRICT;
    CREATE TABLE labels (place INTEGER PRIMARY KEY, name TEXT) STRICT;
    CREATE TABLE splits (place INTEGER PRIMARY KEY, name TEXT) STRICT;
    INSERT INTO labels VALUES (0, 'spam'), (1, 'ham');
    INSERT INTO splits VALUES (0, 'train'), (1, 'test');`);
  const random = new Pcg64(1);
  const add = version.prepare('INSERT INTO rows VALUES (?, ?, NULL, ?, ?, ?, NULL, NULL)');
  for (let row = 1; row <= 82; row++) {
    const text = Array.from({ length: 1 + random.integers(10) }, () => words[random.integers(words.length)]!);
    add.run(row, `${row} ${text.join(' ')}`, row % 2, row <= 62 ? 0 : 1, text.join(' ').length);
  }
  version.close();
  db.prepare(
    `INSERT INTO models (id, name, source, folder, facts, bytes, added_at) VALUES (?, 'tiny', 'folder', ?, '{}', 1, 1)`,
  ).run(modelId, goldenModel);
  db.prepare(`INSERT INTO datasets (id, name, source, created_at) VALUES (?, 'Messages', 'test', 1)`).run(
    datasetId,
  );
  db.prepare(
    `INSERT INTO dataset_versions (id, dataset_id, number, sha256, file, rows, bytes, facts, change, created_at)
     VALUES (?, ?, 1, ?, ?, 82, 1, '{}', 'Imported', 1)`,
  ).run(versionId, datasetId, sha256, `${sha256}.db`);
  return { modelId, versionId };
}

type SpecInput = InputOf<'experiments/create'>['spec'];

/** A small experiment on the seeded store with dropout on: 48 steps, a checkpoint every 5. */
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
      save_steps: 5,
      eval_strategy: 'epoch',
      ...training,
    },
    ...change,
  };
}

/** One that lasts until it is ended: thousands of steps. */
export const longTraining = { num_train_epochs: 500, eval_strategy: 'no' };

/** The experiment as soon as it is in `state`. */
export async function inState(
  backend: TestBackend,
  id: string,
  ...states: ExperimentState[]
): Promise<Experiment> {
  const wanted = (one: Experiment): boolean => one.id === id && states.includes(one.state);
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

export type { ExperimentSpec };
