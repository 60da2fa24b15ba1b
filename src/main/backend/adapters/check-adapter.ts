import { rankOf } from '../../../shared/methods/index.ts';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { openAdapterWeights } from '../../engine/formats/checkpoint.ts';
import { readJsonFile } from '../../engine/formats/json.ts';
import { readModelConfig } from '../../engine/formats/model-config.ts';
import { isHubId } from '../../engine/hub/repository.ts';
import { isUnder } from '../../engine/models/architecture.ts';
import { openBaseModel } from '../../engine/models/base-model.ts';
import { readAdapter, type LostLayers } from '../../engine/peft/adapter.ts';
import { adapterFolderLabels, headTensor } from '../../engine/peft/adapter-head.ts';
import { adapterConfig } from './adapter-folder.ts';

/** A folder that is taken for an adapter, and the model that is taken for its base. */
export interface CheckQuestion {
  folder: string;
  model: { folder: string; name: string; hubId: string | null; sha256: string | null };
}

export interface CheckedAdapter {
  peftType: string;
  rank: number | null;
  labels: string[];
  /** Layers that it needs and lacks: it can be trained further, and not be used before. */
  lost: LostLayers | null;
}

export const tasks = { check: () => checkAdapter };

/**
 * Reads a PEFT folder, .safetensors or .bin, and holds all of it against a base: the base it names, every tensor's name
 * and shape, the number of labels, and that every value is a number. Writes nothing. Throws `adapters/…`, `peft/…`,
 * `formats/…`, `models/…`, `files/…`.
 */
export async function checkAdapter({ folder, model }: CheckQuestion): Promise<CheckedAdapter> {
  const file = path.join(folder, 'adapter_config.json');
  if (!existsSync(file)) throw fault('adapters/no-adapter', { folder });
  const config = await adapterConfig(folder);
  checkNamedBase(file, config.base_model_name_or_path, model);
  await checkProvenBase(folder, model);
  const labelNames = await adapterFolderLabels(folder, model.folder);
  const base = await openBaseModel(model.folder, {
    head: 'sequence',
    ...(labelNames ? { labelNames } : {}),
  });
  try {
    await checkLabelCount(folder, model.folder);
    const { values, lost } = await readAdapter(folder, base, 'left out');
    const missing = base.newlyInitialized.filter(
      (name) => !values.has(name) && !isUnder(lost?.modules ?? [], name),
    );
    if (missing.length > 0) throw fault('models/no-head', { folder: model.folder, missing });
    const { peft_type: peftType, r } = config;
    return { peftType, rank: rankOf(peftType, r), labels: [...base.labelNames], lost };
  } finally {
    await base.close();
  }
}

/** Models that the hub knows without an owner. A name like this says the model; any other is that of a folder. */
const OWNERLESS =
  /^(?:(?:distil)?bert-(?:base|large)-(?:multilingual-|german-)?(?:un)?cased|bert-base-chinese|(?:distil|xlm-)?roberta-(?:base|large)|albert-x{0,2}(?:base|large)-v[12]|camembert-base)$/i;

/** Only ids of a hub can be told apart: a folder, here or on another machine, says nothing. */
function checkNamedBase(file: string, named: string | null, { name, hubId }: CheckQuestion['model']): void {
  if (named === null || hubId === null || !(isHubId(named) || OWNERLESS.test(named))) return;
  const last = (id: string) => id.split('/').at(-1)!.toLowerCase();
  if (last(named) !== last(hubId)) throw fault('adapters/other-base', { file, named, chosen: name });
}

/** An adapter that was exported here says which weights it belongs to. */
async function checkProvenBase(folder: string, { name, sha256: now }: CheckQuestion['model']): Promise<void> {
  const file = path.join(folder, 'verification.json');
  if (!existsSync(file) || now === null) return;
  const schema = z.object({ base: z.object({ sha256: z.string() }) });
  const then = schema.safeParse(await readJsonFile(file).catch(() => null)).data?.base.sha256;
  if (then !== undefined && then !== now)
    throw fault('adapters/other-weights', { file, then, chosen: name, now });
}

/** The head's labels against those that the config.json beside it names, or against the base's own head. */
async function checkLabelCount(folder: string, model: string): Promise<void> {
  const weights = await openAdapterWeights(folder);
  await weights.close();
  const found = weights.tensors.get(await headTensor(model))?.shape[0];
  const own = path.join(folder, 'config.json');
  if (found === undefined) return;
  const beside = existsSync(own);
  if (!beside && !(await hasOwnHead(model))) return;
  const source = beside ? own : path.join(model, 'config.json');
  const { id2label } = await readModelConfig(beside ? folder : model);
  if (id2label.length !== found)
    throw fault('adapters/label-count', { file: weights.path, found, source, expected: id2label.length });
}

async function hasOwnHead(model: string): Promise<boolean> {
  const base = await openBaseModel(model, { head: 'sequence' });
  await base.close();
  return !base.newlyInitialized.some((name) => isUnder(base.architecture.names.head, name));
}
