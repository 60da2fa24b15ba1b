import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ExperimentState } from '../../../shared/contract/experiments.ts';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { singleLabel } from '../../../shared/tasks/single-label.ts';
import type { KeptAnswer } from '../../../shared/tasks/task.ts';
import type { Db } from '../../storage/database.ts';
import { addAnswers } from '../../storage/answers.ts';
import { ExperimentStore, type NewExperiment } from '../../storage/experiments.ts';
import type { TestBackend } from '../test-support.ts';

/** An answer to a row: `logits` in the order of the run's labels. */
export interface GivenAnswer {
  row: number;
  expected: string;
  logits: number[];
}

export interface GivenRun {
  name: string;
  labels: string[];
  answers: readonly GivenAnswer[];
  state?: ExperimentState;
  adapter?: Record<string, unknown>;
  training?: Record<string, unknown>;
  record?: Partial<NewExperiment>;
}

/** Its answers as the store keeps them. */
export const keptAnswers = ({ labels, answers }: GivenRun): KeptAnswer[] =>
  answers.map(({ row, expected, logits }) =>
    singleLabel.keep({ row, expected, label: labels[logits.indexOf(Math.max(...logits))], logits }, labels),
  );

/** Writes a run down as one that has ended, with its predictions, without training it. Gives its id. */
export function addRun(db: Db, given: GivenRun): string {
  const { name, labels, answers, state = 'finished' } = given;
  const id = randomUUID();
  const adapter = given.adapter ?? { peft_type: 'LORA', r: 8, target_modules: ['query', 'value'] };
  const { config } = parseTrainConfig(
    {
      model: 'model',
      data: { train: 'train.jsonl', eval: 'eval.jsonl' },
      adapter,
      training: given.training ?? {},
      output_dir: `runs/${id}`,
    },
    name,
  );
  const store = new ExperimentStore(db);
  store.insert({
    id,
    name,
    state,
    modelId: null,
    modelName: 'tiny',
    versionId: null,
    dataName: 'data.csv',
    method: config.adapter.peft_type,
    seed: config.training.seed,
    precision: 'fp32',
    spec: null,
    config,
    folder: `runs/${id}`,
    details: { baseDir: '.' },
    tags: [],
    ...given.record,
  });
  const evaluation = { labels, rows: answers.length, metrics: {}, perClass: [], confusion: [] };
  store.update(id, { evaluation: answers.length > 0 ? evaluation : null, finished_at: Date.now() });
  addAnswers(db, id, keptAnswers(given));
  return id;
}

/** Logits of `labels` that give `predicted` the probability `score`, and the others the rest in equal parts. */
export function logitsFor(labels: readonly string[], predicted: string, score: number): number[] {
  const others = Math.log((1 - score) / (labels.length - 1));
  return labels.map((label) => (label === predicted ? Math.log(score) : others));
}

/** Imports rows with a column `channel` kept beside; gives the version's id. */
export async function importRows(
  backend: TestBackend,
  name: string,
  rows: readonly { text: string; label: string; channel: string }[],
): Promise<string> {
  const file = path.join(backend.context.workspace.inbox, `${name}.jsonl`);
  await writeFile(file, rows.map((row) => `${JSON.stringify({ ...row, split: 'test' })}\n`).join(''));
  const { jobId } = await backend.call('datasets/import', {
    source: { kind: 'files', files: [{ path: file }] },
    name,
    mapping: { text: 'text', textPair: null, label: 'label', split: 'split', extra: ['channel'] },
  });
  const { result, fault } = await backend.context.jobs.finished(jobId);
  if (result === null) throw new Error(fault?.message ?? 'The import came to nothing.');
  return result;
}
