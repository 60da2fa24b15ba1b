import { rankOf } from '../../../shared/methods/index.ts';
import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { KeptAnswer, Names, Task } from '../../../shared/tasks/task.ts';
import { addAnswers, clearAnswers } from '../../storage/answers.ts';
import type { ExperimentRecord } from '../../storage/experiments.ts';
import { ResultStore, type KnownFile } from '../../storage/experiment-results.ts';
import { AdapterStore } from '../../storage/adapters.ts';
import type { Db } from '../../storage/database.ts';
import { ModelStore } from '../../storage/models.ts';
import { baseOfRun } from '../adapters/base.ts';
import { adapterConfig, folderLabels } from '../adapters/adapter-folder.ts';
import { hashFile } from '../../engine/hub/hash-file.ts';
import { resolveModel } from '../../engine/hub/resolve-model.ts';
import { filesIn, linesOf } from './run-folder.ts';

/** Predictions written in one transaction: some 10 ms of the event loop. */
const AT_ONCE = 1000;

/** Takes predictions.jsonl into the store as the run's task keeps it, the rows by their places in the data set version. */
export async function importAnswers(
  db: Db,
  { id, folder, config, versionId }: ExperimentRecord,
  task: Task,
  names: Names,
): Promise<void> {
  const rows = versionId === null ? null : await versionRows(folder, config, true);
  clearAnswers(db, id);
  let batch: KeptAnswer[] = [];
  const write = async (): Promise<void> => {
    addAnswers(db, id, batch, (answer) => task.shown(answer, names));
    batch = [];
    await new Promise(setImmediate);
  };
  for await (const line of linesOf(path.join(folder, 'predictions.jsonl'))) {
    const kept = task.keep(JSON.parse(line), names);
    batch.push({ ...kept, row: rows ? rows[kept.row - 1]! : kept.row });
    if (batch.length === AT_ONCE) await write();
  }
  await write();
}

/** The rows of the version that stand in the file of the training rows, or of those that are evaluated, in its order. */
export async function versionRows(
  folder: string,
  config: Record<string, unknown>,
  evaluated = false,
): Promise<number[]> {
  const { data } = z
    .object({ data: z.object({ train: z.string(), eval: z.string().nullable() }) })
    .parse(config);
  const rows: number[] = [];
  for await (const line of linesOf(path.resolve(folder, (evaluated ? data.eval : null) ?? data.train))) {
    rows.push(z.object({ row: z.number() }).parse(JSON.parse(line)).row);
    if (rows.length % AT_ONCE === 0) await new Promise(setImmediate);
  }
  return rows;
}

/** Registers what stands in an experiment's folder: its adapter, if there is one, and every file by hash and size. */
export async function registerFiles(
  db: Db,
  experiment: Pick<
    ExperimentRecord,
    'id' | 'name' | 'folder' | 'modelId' | 'config' | 'details' | 'startedAt'
  >,
): Promise<void> {
  const { id, name, folder, modelId } = experiment;
  const store = new ResultStore(db);
  const found = await filesIn(folder);
  const adapterId = store.adapterOf(id) ?? randomUUID();
  const known: KnownFile[] = [];
  for (const { name: place, path: file, bytes } of found) {
    const kind = place.startsWith('adapter_')
      ? 'adapter'
      : place.startsWith('checkpoints/')
        ? 'checkpoint'
        : 'experiment';
    known.push({
      path: file,
      kind,
      owner: kind === 'adapter' ? adapterId : id,
      sha256: await hashFile(file, 'sha256'),
      bytes,
    });
  }
  const weights = known.find(({ path: file }) => file === path.join(folder, 'adapter_model.safetensors'));
  if (weights) {
    const { peft_type: peftType, r: rank } = await adapterConfig(folder);
    const modelFolder =
      new ModelStore(db).read(modelId)?.folder ?? (await modelOfConfig(experiment)) ?? folder;
    new AdapterStore(db).put({
      id: adapterId,
      name,
      origin: 'experiment',
      experimentId: id,
      modelId,
      folder,
      peftType,
      sha256: weights.sha256,
      bytes: weights.bytes,
      facts: {
        rank: rankOf(peftType, rank),
        labels: await folderLabels(folder),
        lost: null,
        base: await baseOfRun(db, modelId, modelFolder, experiment.startedAt),
        parts: [],
        combination: null,
      },
    });
  }
  store.putFiles([id, adapterId], known);
}

/** The folder of the model that a run of the command line named: its own, or the hub cache's; null: it is gone. */
async function modelOfConfig({
  config,
  details,
}: Pick<ExperimentRecord, 'config' | 'details'>): Promise<string | null> {
  const { model } = z.object({ model: z.string() }).parse(config);
  const folder = path.resolve(details.baseDir, model);
  if (existsSync(folder)) return folder;
  return resolveModel(model, { env: { ...process.env, HF_HUB_OFFLINE: '1' } }).catch(() => null);
}
