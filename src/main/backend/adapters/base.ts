import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { fault, type Fault } from '../../../shared/faults/index.ts';
import { fileNames } from '../../engine/hub/cache.ts';
import { neededFiles } from '../../engine/hub/needed-files.ts';
import type { KnownBase, ListedAdapter } from '../../storage/adapters.ts';
import type { Db } from '../../storage/database.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { ModelStore, type StoredModel } from '../../storage/models.ts';
import type { BackendContext } from '../context.ts';
import { adapterWeights, weightsFile } from './adapter-folder.ts';
import { hashWeights, weightStats, type WeightFile } from '../models/weights.ts';

/** Files of weights as they are now; none where there are none. Throws the file system's errors. */
async function weightFiles(folder: string): Promise<WeightFile[]> {
  const names = neededFiles(await fileNames(folder)) ?? [];
  return weightStats(
    folder,
    names.filter((name) => /\.(safetensors|bin)$/.test(name)),
  );
}

/** What was or is being hashed of a folder, as long as its files keep their sizes and times. */
const hashed = new Map<string, { weights: WeightFile[]; sha256: Promise<string> }>();

/**
 * SHA-256 of the weights in a model's folder, as `hashWeights` defines it; null where there are none. Read only when
 * neither the store nor this process knows it for files of these sizes and times.
 */
async function currentHash(folder: string, model: StoredModel | null): Promise<string | null> {
  const weights = await weightFiles(folder).catch(() => []);
  if (weights.length === 0) return null;
  if (model?.sha256 != null && isDeepStrictEqual(model.facts.weights, weights)) return model.sha256;
  const known = hashed.get(folder);
  if (known && isDeepStrictEqual(known.weights, weights)) return known.sha256;
  const hashing = { weights, sha256: hashWeights(folder, weights) };
  hashed.set(folder, hashing);
  hashing.sha256.catch(() => {
    if (hashed.get(folder) === hashing) hashed.delete(folder);
  });
  return hashing.sha256;
}

/** The base of something that was just trained, imported or merged, with the hash that it has. */
export async function knownBase(db: Db, modelId: string | null, folder: string): Promise<KnownBase> {
  const model = new ModelStore(db).read(modelId);
  const weights = await weightFiles(folder).catch(() => []);
  return {
    name: model?.hubId ?? model?.name ?? path.basename(folder),
    folder,
    sha256: await currentHash(folder, model),
    file: weights.length === 1 ? weights[0]!.name : null,
  };
}

/**
 * The base that a run was trained on. Its hash is not given where the weights were written after the run had begun:
 * they are not those that it read.
 */
export async function baseOfRun(
  db: Db,
  modelId: string | null,
  folder: string,
  startedAt: number | null,
): Promise<KnownBase> {
  const base = await knownBase(db, modelId, folder);
  const weights = await weightFiles(folder).catch(() => []);
  const isNewer = weights.some(({ modifiedMs }) => startedAt !== null && modifiedMs > startedAt);
  return isNewer ? { ...base, sha256: null } : base;
}

/** An adapter's base as it is now. */
export interface BaseNow {
  modelId: string | null;
  name: string;
  /** Null: it is not known where it was. */
  folder: string | null;
  /** At training time. */
  sha256: string | null;
  /** Null: not known, because the hash was not recorded then. */
  matches: boolean | null;
  /** What is wrong with it. */
  problem: Fault | null;
}

export async function baseNow({ db }: BackendContext, adapter: ListedAdapter): Promise<BaseNow> {
  const { modelId, modelName: name } = adapter;
  const then = adapter.facts.base;
  const model = new ModelStore(db).read(modelId);
  const folder = model?.folder ?? then?.folder ?? null;
  const sha256 = then?.sha256 ?? null;
  const found = { modelId, name, folder, sha256 };
  const isThere = folder !== null && existsSync(path.join(folder, 'config.json'));
  const now = isThere ? await currentHash(folder, model) : null;
  if (now === null) {
    const problem = fault('adapters/base-gone', { name, folder: folder ?? 'a folder that is not known' });
    return { ...found, matches: false, problem };
  }
  if (sha256 === null || now === sha256)
    return { ...found, matches: sha256 === null ? null : true, problem: null };
  const file = then?.file ?? 'its weights';
  const problem = fault('adapters/base-changed', { name, file, then: sha256, now });
  return { ...found, matches: false, problem };
}

/**
 * An adapter's folder and that of its base, both as they were at training: what exports, merges and answers start
 * from; `name` is the hub's where it has one. Throws `adapters/gone`, `adapters/base-gone`, `adapters/base-changed`.
 */
export async function trainedModel(
  context: BackendContext,
  adapter: ListedAdapter,
): Promise<{ model: string; adapter: string; name: string }> {
  if (!(await isPresent(adapter)))
    throw fault('adapters/gone', { name: adapter.name, folder: adapter.folder });
  return { ...(await trainedBase(context, adapter)), adapter: adapter.folder };
}

/** The base alone: all that an export with a copy of the adapter needs. Throws `adapters/base-…`. */
export async function trainedBase(
  context: BackendContext,
  adapter: ListedAdapter,
): Promise<{ model: string; name: string }> {
  const { folder, name, problem } = await baseNow(context, adapter);
  if (problem) throw problem;
  const hubId = new ModelStore(context.db).read(adapter.modelId)?.hubId;
  return { model: folder!, name: hubId ?? name };
}

/** Throws `adapters/changed` where an adapter's weights are not those that were made. */
export async function requireUnchanged({ name, folder, sha256: then }: ListedAdapter): Promise<void> {
  const { file, sha256: now } = await adapterWeights(folder);
  if (now !== then) throw fault('adapters/changed', { name, file, then, now });
}

/** Whether an adapter's files are there. */
export async function isPresent({ folder }: Pick<ListedAdapter, 'folder'>): Promise<boolean> {
  const config = await stat(path.join(folder, 'adapter_config.json')).catch(() => null);
  return config !== null && config.isFile() && (await weightsFile(folder)) !== null;
}

const lengthSchema = z.object({ data: z.object({ max_length: z.number().int().positive().nullable() }) });

/** Tokens after which texts were cut in training; null: at the model's limit, or it is not known. */
export function trainedLength(db: Db, { experimentId }: Pick<ListedAdapter, 'experimentId'>): number | null {
  if (experimentId === null) return null;
  const { config } = new ExperimentStore(db).record(experimentId);
  return lengthSchema.safeParse(config).data?.data.max_length ?? null;
}
