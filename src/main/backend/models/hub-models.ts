import { randomUUID } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { HubModel } from '../../../shared/contract/models.ts';
import type { OutputOf } from '../../../shared/contract.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { CachedModel, cachedModels, fileNames } from '../../engine/hub/cache.ts';
import { parseModelConfig } from '../../engine/formats/model-config.ts';
import { fileUrl, missingFiles, planDownload, type DownloadPlan } from '../../engine/hub/download-model.ts';
import { hubClient, type HubClient } from '../../engine/hub/hub-fetch.ts';
import { hubModelInfo, searchModels, type HubModelInfo } from '../../engine/hub/model-info.ts';
import { neededFiles } from '../../engine/hub/needed-files.ts';
import { modelRepository, repositoryName } from '../../engine/hub/repository.ts';
import { refusedArchitecture } from '../../engine/models/architectures.ts';
import { tokenizerClass } from '../../engine/tokenizer/tokenizer-class.ts';
import type { BackendContext } from '../context.ts';
import { hubAccess } from './hub-access.ts';
import type { ModelLibrary } from './library.ts';
import type { ModelReader } from './reader.ts';

/** The models of the hub that match a person's words; what of them is on this machine is marked. */
export async function searchHub(
  context: BackendContext,
  library: ModelLibrary,
  { query, offset, limit }: { query: string; offset: number; limit: number },
): Promise<OutputOf<'models/search'>> {
  const environment = await hubAccess(context);
  const [found, local] = await Promise.all([
    searchModels(environment, query.trim(), offset + limit + 1),
    localIds(environment.cacheDir, library),
  ]);
  const items = found.slice(offset, offset + limit).map((facts) => hubModel(facts, local));
  return { total: found.length, items };
}

/** Supported models in the Hugging Face cache that are not in the list. */
export async function cachedOnly(context: BackendContext, library: ModelLibrary): Promise<HubModel[]> {
  const { cacheDir } = await hubAccess(context);
  const listed = new Set(library.store.list().map(({ hubId }) => hubId));
  const models: HubModel[] = [];
  for (const { id, snapshot } of await cachedModels(cacheDir)) {
    if (listed.has(id) || neededFiles(await fileNames(snapshot)) === null) continue;
    const description = await library.reader.ask('describe', { folder: snapshot }).catch(() => null);
    if (description === null || description.facts.unsupported !== null) continue;
    const { licence, architecture, parameters } = description.facts;
    models.push({
      ...{ hubId: id, downloads: null, likes: null, pipeline: null, updatedAt: null, gated: false },
      ...{ licence, architecture, parameters, unsupported: null, local: true },
    });
  }
  return models;
}

/** All that is known of a model before a download. Throws `hub/…`. */
export async function hubModelDetail(
  context: BackendContext,
  library: ModelLibrary,
  hubId: string,
): Promise<OutputOf<'models/hub-info'>['model']> {
  const environment = await hubAccess(context);
  const repository = modelRepository(hubId);
  const client = hubClient(environment, repository);
  const cache = new CachedModel(environment.cacheDir, repository.id);
  const [facts, plan, local] = await Promise.all([
    hubModelInfo(client),
    planOrReason(client),
    localIds(environment.cacheDir, library),
  ]);
  const name = repositoryName(repository);
  const common = {
    ...hubModel({ ...facts, id: name }, local),
    gateUrl: facts.gated ? `${environment.endpoint}/${repository.id}` : null,
  };
  if (typeof plan === 'string') {
    return {
      ...common,
      revision: '',
      labels: null,
      supported: false,
      unsupported: plan,
      files: [],
      bytes: 0,
    };
  }
  const missing = new Set((await missingFiles(plan, cache)).map((file) => file.name));
  const files = plan.files.map((file) => ({
    path: file.name,
    bytes: file.size,
    cached: !missing.has(file.name),
  }));
  const config = await readConfig(client, plan);
  const unsupported = await judgeModel(context, library.reader, client, plan, config ?? ownConfig(facts));
  return {
    ...common,
    architecture:
      (config && configSchema.safeParse(JSON.parse(config)).data?.model_type) ?? facts.architecture,
    revision: plan.commit,
    labels: config === null ? null : labelsOf(config),
    supported: unsupported === null,
    unsupported,
    files,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

async function planOrReason(client: HubClient): Promise<DownloadPlan | string> {
  try {
    return await planDownload(client);
  } catch (error) {
    if (error instanceof Fault && error.code === 'hub/no-weights') return `${error.message} ${error.remedy}`;
    throw error;
  }
}

/** config.json, or another file of JSON, as the hub gives it; null where it gives none of its files to this person. */
export async function readConfig(
  client: HubClient,
  { commit }: DownloadPlan,
  name = 'config.json',
): Promise<string | null> {
  try {
    const text = await (await client.fetch(fileUrl(client, commit, name))).text();
    return z.json().safeParse(JSON.parse(text)).success ? text : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    if (error instanceof Fault && ['hub/gated', 'hub/no-access'].includes(error.code)) return null;
    throw error;
  }
}

const ownConfig = ({ architecture }: HubModelInfo): string =>
  JSON.stringify({ model_type: architecture ?? '' });

/** Why a model with this config.json cannot be trained here, by its small files; null where it can. */
export async function judgeModel(
  context: BackendContext,
  reader: ModelReader,
  client: HubClient,
  plan: DownloadPlan,
  config: string,
): Promise<string | null> {
  const name = repositoryName(client.repository);
  return (
    (await judgeConfig(context, reader, name, config)) ?? (await judgeTokenizer(client, plan, name, config))
  );
}

/**
 * Why Graft does not train a model of this config.json, or null. The engine judges a folder with it and with
 * weights that hold nothing: lacking weights is then all that it can find wrong.
 */
async function judgeConfig(
  { workspace }: BackendContext,
  reader: ModelReader,
  name: string,
  config: string,
): Promise<string | null> {
  const folder = path.join(workspace.temporary, `judge-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    await writeFile(path.join(folder, 'config.json'), config);
    await writeFile(path.join(folder, 'model.safetensors'), emptySafetensors());
    const { facts } = await reader.ask('describe', { folder });
    return facts.unsupported?.replaceAll(folder, name) ?? null;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'models/no-weights') return null;
    return `${error.message} ${error.remedy}`.replaceAll(folder, name);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Why the texts of a model cannot be made tokens here, by the class that its files name; null where they can. */
async function judgeTokenizer(
  client: HubClient,
  plan: DownloadPlan,
  name: string,
  config: string,
): Promise<string | null> {
  const own = 'tokenizer_config.json';
  const text = plan.files.some((file) => file.name === own) ? await readConfig(client, plan, own) : null;
  const [named, model] = [text, config].map((json) => tokenizerSchema.parse(JSON.parse(json ?? '{}')));
  const found = tokenizerClass(named!.tokenizer_class ?? model!.tokenizer_class, model!.model_type);
  if (found?.family !== 'python') return null;
  const file = `${name}/${named!.tokenizer_class === undefined ? 'config.json' : own}`;
  const { message, remedy } = fault('tokenizer/class', { file, found: found.name });
  return `${message} ${remedy}`;
}

const text = z.string().optional().catch(undefined);
const tokenizerSchema = z.looseObject({ tokenizer_class: text, model_type: text }).catch({});

function emptySafetensors(): Buffer {
  const file = Buffer.from('        {}');
  file.writeBigUInt64LE(2n);
  return file;
}

const configSchema = z.looseObject({
  model_type: z.string().optional().catch(undefined),
  architectures: z.array(z.string()).nullish().catch(null),
  id2label: z
    .record(z.string(), z.union([z.string(), z.number().transform(String)]))
    .nullish()
    .catch(null),
});

/** The labels of the head that the checkpoint says it has. */
function labelsOf(config: string): string[] | null {
  const { architectures, id2label } = configSchema.safeParse(JSON.parse(config)).data ?? {};
  const hasHead = (architectures ?? []).some((name) => name.endsWith('ForSequenceClassification'));
  if (!hasHead || id2label == null) return null;
  return Object.entries(id2label)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, label]) => label);
}

async function localIds(cacheDir: string, library: ModelLibrary): Promise<Set<string>> {
  const local = new Set<string>();
  for (const { hubId } of library.store.list()) if (hubId !== null) local.add(hubId);
  for (const { id, snapshot } of await cachedModels(cacheDir)) {
    if (neededFiles(await fileNames(snapshot)) !== null) local.add(id);
  }
  return local;
}

/** What the hub says of a model, judged by its `model_type` alone: none of its files was read. */
function hubModel({ id, ...facts }: HubModelInfo, local: ReadonlySet<string>): HubModel {
  const file = `${id}/config.json`;
  const refused =
    facts.architecture === null
      ? null
      : refusedArchitecture(parseModelConfig({ model_type: facts.architecture }, file), file);
  return {
    hubId: id,
    ...facts,
    unsupported: refused && `${refused.message} ${refused.remedy}`,
    local: local.has(id.split('@')[0]!),
  };
}
