import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { ModelStore, type StoredModel } from '../../storage/models.ts';
import type { BackendContext } from '../context.ts';
import { weightStats, type WeightFile } from './weights.ts';

/** What a look at a model's folder tells without reading its files. */
export type Look =
  | { now: WeightFile[]; problem: null }
  /** Something that is needed is not there; in words for a person. */
  | { now: null; problem: string };

/** `weights`: the files that were there when the model was added. */
export async function lookAt(folder: string, weights: readonly WeightFile[]): Promise<Look> {
  const gone = (what: string): Look => ({
    now: null,
    problem: `${what} Put it back, or download the model again.`,
  });
  const isThere = (file: string) =>
    stat(file).then(
      () => true,
      () => false,
    );
  if (!(await isThere(folder))) return gone(`The folder ${folder} is gone.`);
  const names = weights.map(({ name }) => name);
  for (const name of ['config.json', ...names]) {
    if (!(await isThere(path.join(folder, name)))) return gone(`${name} is gone from ${folder}.`);
  }
  const now = await weightStats(folder, names).catch(() => null);
  return now === null ? gone(`The folder ${folder} cannot be read.`) : { now, problem: null };
}

/** A model, removed or not. Throws `store/unknown`. */
export function knownModel({ db }: Pick<BackendContext, 'db'>, id: string): StoredModel {
  const model = new ModelStore(db).read(id);
  if (!model) throw fault('store/unknown', { kind: 'model', id });
  return model;
}

/** The same whose folder is there. Throws `experiments/model-missing` too. */
export function requireModel(context: Pick<BackendContext, 'db'>, id: string): StoredModel {
  const model = knownModel(context, id);
  if (!existsSync(model.folder)) throw fault('experiments/model-missing', model);
  return model;
}
