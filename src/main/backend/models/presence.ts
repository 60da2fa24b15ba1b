import { stat } from 'node:fs/promises';
import path from 'node:path';
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
