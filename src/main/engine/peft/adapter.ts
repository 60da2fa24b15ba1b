import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { choosesModules, isAddedPart } from '../../../shared/methods/index.ts';
import { unsupportedFields, writeAdapterConfig } from '../formats/adapter-config.ts';
import { openAdapterWeights } from '../formats/checkpoint.ts';
import { bytesOf } from '../formats/dtype.ts';
import { readJsonFile } from '../formats/json.ts';
import type { TensorFile } from '../formats/tensor.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import { publicName } from '../hub/repository.ts';
import type { ParameterCounts } from '../jobs.ts';
import { bareName, isBehindEncoder, isUnder } from '../models/architecture.ts';
import type { BaseModel } from '../models/base-model.ts';
import type { Adaptation } from '../models/layers.ts';
import { walk } from '../models/module-tree.ts';
import { elements, type ParameterSpec } from '../models/parameters.ts';
import { refuseParts } from '../models/weight-names.ts';
import { classifierConfig, writeConfig } from '../models/written-config.ts';
import { requireClassification } from './adapter-head.ts';
import type { PeftMethod } from './method.ts';
import { methodTypeOf } from './methods.ts';
import { patternValues, peftHeads, savedModules } from './targets.ts';

/** What trains on one base model, by one method. */
export interface AdapterPlan {
  method: PeftMethod;
  /** adapter_config.json as it will be saved. */
  config: Readonly<Record<string, unknown>>;
  /** What its file holds, in a fixed order: what the method adds, then base parameters. */
  saved: readonly ParameterSpec[];
  /** All of it that trains. */
  trained: readonly ParameterSpec[];
  counts: ParameterCounts;
}

/**
 * Works out what an adapter configuration means for a base model. `fields` are those of adapter_config.json; newly
 * initialised layers are added to `modules_to_save`. Throws `peft/…`.
 */
export function planAdapter(
  base: BaseModel,
  fields: Readonly<Record<string, unknown>>,
  source: string,
): AdapterPlan {
  if (base.head.kind !== 'none') requireClassification(fields, source);
  const modules = modulesToSave(base, fields);
  const type = methodTypeOf(fields['peft_type'], source);
  const config: Record<string, unknown> = {
    ...fields,
    ...defaultTargets(base, fields),
    modules_to_save: modules,
  };
  requireLayers(base, config);
  const method = type.on(base.tree, config, source);
  const unsupported = type.method.peft ? unsupportedFields(config, type.method) : [];
  if (unsupported.length > 0) throw fault('peft/unsupported-field', { fields: unsupported, source });
  const savedPaths = savedModules(base.tree, modules);
  const isSaved = (name: string): boolean => savedPaths.some((module) => name.startsWith(`${module}.`));
  const wholeModules = base.parameters.filter(({ name }) => isSaved(name));
  const inPlace = base.parameters.filter(({ name }) => !isSaved(name) && method.trainedBase.has(name));
  const saved = [...method.added, ...inPlace, ...wholeModules];
  const fixed = new Set<ParameterSpec>(method.added.filter(({ trains }) => !trains));
  const trained = saved.filter((spec) => !fixed.has(spec));
  // PEFT keeps the frozen original of a saved module beside the copy that trains, and counts both.
  const copies = type.method.peft ? wholeModules : [];
  const trainable = count(trained);
  const all = count(base.parameters) + count(method.added) + count(copies);
  const counts = { trainable, all, trainable_percent: (100 * trainable) / all };
  return { method, config: { ...config, ...resolvedTargets(config, method) }, saved, trained, counts };
}

/**
 * Refuses a name in `modules_to_save` that the model does not have: what was meant to train would stay frozen. The
 * task's usual heads pass, since PEFT writes them all. Throws `peft/no-module`.
 */
export function requireSavedModules(base: BaseModel, fields: Readonly<Record<string, unknown>>): void {
  const missing = askedModules(fields).find(
    (name) => !peftHeads.includes(name) && savedModules(base.tree, [name]).length === 0,
  );
  if (missing === undefined) return;
  const names = [...walk(base.tree)].map(({ path: modulePath }) => modulePath.split('.').at(-1)!);
  throw fault('peft/no-module', {
    name: missing,
    available: [...new Set(names)].filter((name) => !/^\d*$/.test(name)),
  });
}

/** An adapter's values by engine name. */
export interface Adapter {
  plan: AdapterPlan;
  values: ReadonlyMap<string, Float32Array>;
}

/**
 * Layers that a model's answers pass and that neither its checkpoint nor an adapter's file has: PEFT left them as they
 * were drawn. `adapted`: there is an adapter on one of them.
 */
export interface LostLayers {
  modules: string[];
  adapted: boolean;
}

/** What is lost with the adapter in a folder; null: it carries all that it needs. Throws `peft/…`, `formats/…`, `files/…`. */
export async function lostLayers(folder: string, base: BaseModel): Promise<LostLayers | null> {
  const source = path.join(folder, 'adapter_config.json');
  const fields = await readFields(source);
  const file = await openWeights(folder, base);
  await file.close();
  return lostOf(planAdapter(base, fields, source), fields, base, new Set(file.tensors.keys()));
}

function lostOf(
  plan: AdapterPlan,
  fields: Readonly<Record<string, unknown>>,
  base: BaseModel,
  names: ReadonlySet<string>,
): LostLayers | null {
  const promised = savedModules(base.tree, [...askedModules(fields), ...peftHeads]);
  const isLost = (name: string): boolean =>
    !isUnder(promised, name) && !keysOf(plan, base, name).some((key) => names.has(key));
  const modules = [
    ...new Set(base.newlyInitialized.filter(isLost).map((name) => name.replace(/\.[^.]+$/, ''))),
  ].filter((module) => plan.saved.some(({ name }) => isUnder([module], name)));
  if (modules.length === 0) return null;
  const ofLost = lostModuleKeys(base, modules);
  return { modules, adapted: [...names].some(ofLost) };
}

/** Whether a tensor of an adapter's file belongs to one of these modules. */
function lostModuleKeys({ architecture }: BaseModel, modules: readonly string[]): (key: string) => boolean {
  const paths = modules.flatMap((module) => [module, bareName(architecture, module)]);
  return (key) => isUnder(paths, key.replace(/^base_model\.model\./, ''));
}

const askedModules = ({ modules_to_save: asked }: Readonly<Record<string, unknown>>): string[] =>
  Array.isArray(asked) ? (asked as string[]) : [];

/** The names that a parameter may have in an adapter's file. */
function keysOf({ method }: AdapterPlan, { architecture }: BaseModel, name: string): string[] {
  const { prefix } = architecture.names;
  const bare = bareName(architecture, name);
  // An adapter that was trained on the encoder alone names its modules without the prefix, and one with a head with it.
  const keys = [...new Set([name, bare, `${prefix}${bare}`])].map((each) =>
    method.fileKey(name).replace(name.replace(/\.[^.]+$/, ''), each.replace(/\.[^.]+$/, '')),
  );
  // PEFT before 0.6 had no `base_layer` in the names of biases.
  return keys.flatMap((key) => [key, key.replace('.base_layer.', '.')]);
}

async function openWeights(folder: string, { architecture }: BaseModel): Promise<TensorFile> {
  const file = await openAdapterWeights(folder);
  return architecture.inModuleNames?.(file) ?? file;
}

const readFields = async (source: string): Promise<Record<string, unknown>> =>
  z.record(z.string(), z.unknown()).safeParse(await readJsonFile(source)).data ?? {};

/**
 * Reads an adapter folder, PEFT's or ours, for a base model. `lostAre`: whether layers that were lost with it are
 * refused, or left to whoever trains it further. Throws `peft/…`, `models/…`, `formats/…` or `files/…`.
 */
export async function readAdapter(
  folder: string,
  base: BaseModel,
  lostAre: 'refused' | 'left out' = 'refused',
): Promise<Adapter & { lost: LostLayers | null }> {
  const source = path.join(folder, 'adapter_config.json');
  const fields = await readFields(source);
  const plan = planAdapter(base, fields, source);
  const file = await openWeights(folder, base);
  try {
    refuseParts(file);
    const values = new Map<string, Float32Array>();
    const left = new Set(file.tensors.keys());
    const lost = lostOf(plan, fields, base, left);
    if (lost && lostAre === 'refused')
      throw fault('peft/lost-layers', { file: file.path, model: base.folder, ...lost });
    const isOfLost = lostModuleKeys(base, lost?.modules ?? []);
    for (const { name, shape } of plan.saved) {
      if (isUnder(lost?.modules ?? [], name)) continue;
      const keys = keysOf(plan, base, name);
      const tensorName = keys.find((candidate) => left.has(candidate));
      if (tensorName === undefined) throw fault('peft/missing-tensor', { file: file.path, tensor: keys[0]! });
      const found = file.tensors.get(tensorName)!.shape;
      if (found.join() !== shape.join()) {
        throw fault('peft/tensor-shape', { file: file.path, tensor: tensorName, expected: shape, found });
      }
      const value = await file.readFloat32(tensorName);
      if (!value.every(Number.isFinite))
        throw fault('models/not-finite', { file: file.path, tensor: tensorName });
      values.set(name, value);
      left.delete(tensorName);
    }
    for (const tensor of left) {
      // With bias "all", PEFT writes the biases of a saved module three times: the frozen original and two alike.
      if (/\.(?:original_module|modules_to_save(?:\.default)?)\./.test(tensor) || isOfLost(tensor)) continue;
      const path = tensor.replace(/^base_model\.model\./, '');
      const isHead = isUnder(base.architecture.names.head, path) && path.split('.').some(isAddedPart);
      throw fault(isHead ? 'peft/adapted-head' : 'peft/unexpected-tensor', { file: file.path, tensor });
    }
    return { plan, values, lost };
  } finally {
    await file.close();
  }
}

/**
 * Writes adapter_config.json, adapter_model.safetensors and config.json (with the labels) into a folder, in PEFT's
 * format; `values` by engine name; `baseName`: what others call the base. Each file is whole or not there. Throws
 * `files/…`.
 */
export async function writeAdapter(
  folder: string,
  base: BaseModel,
  plan: AdapterPlan,
  values: ReadonlyMap<string, Float32Array>,
  baseName = publicName(path.resolve(base.folder)),
): Promise<void> {
  const tensors = plan.saved.map(({ name, shape }) => ({
    name: plan.method.fileKey(name),
    dtype: 'F32' as const,
    shape,
    data: () => bytesOf(values.get(name)!),
  }));
  await writeSafetensors(path.join(folder, 'adapter_model.safetensors'), tensors, { format: 'pt' });
  const trainsHead = plan.trained.some(({ name }) => isUnder(base.architecture.names.head, name));
  const task = trainsHead ? 'SEQ_CLS' : (plan.config['task_type'] ?? null);
  const written = { inference_mode: true, base_model_name_or_path: baseName };
  await writeAdapterConfig(folder, { ...plan.config, task_type: task, ...written });
  await writeConfig(folder, base, classifierConfig(base));
}

/**
 * What an adapter changes of a model: folded into its weights, or beside them as in training, which is also how a method
 * answers that cannot be merged.
 */
export function adaptation(
  base: BaseModel,
  adapter: Adapter | undefined,
  folded = true,
): Adaptation | undefined {
  if (!adapter) return undefined;
  const { method } = adapter.plan;
  if (folded && method.unmergeable === undefined)
    return { read: (name) => adaptedValue(base, adapter, name), added: [] };
  const read = async (name: string): Promise<Float32Array> => adapter.values.get(name) ?? base.read(name);
  return { read, added: method.added, hooks: method.hooks };
}

/** A base parameter as the adapted model has it. Throws `peft/not-mergeable`. */
export async function adaptedValue(
  base: BaseModel,
  adapter: Adapter | undefined,
  name: string,
): Promise<Float32Array> {
  const trained = adapter?.values.get(name);
  if (trained) return trained;
  const { unmergeable } = adapter?.plan.method ?? {};
  if (unmergeable !== undefined) throw fault('peft/not-mergeable', { reason: unmergeable });
  const value = await base.read(name);
  return adapter ? adapter.plan.method.merge(name, value, (added) => adapter.values.get(added)!) : value;
}

/** The names asked for, the task's heads, and the modules that the checkpoint has no weights for. */
function modulesToSave(base: BaseModel, fields: Readonly<Record<string, unknown>>): string[] {
  const heads = base.head.kind !== 'none' && fields['task_type'] !== null ? peftHeads : [];
  const named = [...new Set([...askedModules(fields), ...heads])];
  const covered = savedModules(base.tree, named);
  // Vectors of texts do not pass what stands behind the encoder.
  const missing = base.newlyInitialized
    .filter((name) => base.head.kind !== 'none' || !isBehindEncoder(base.architecture, name))
    .map((name) => name.replace(/\.[^.]+$/, ''));
  const uncovered = missing.filter((module) => !isUnder([...covered, ...peftHeads], module));
  return [...new Set([...named, ...uncovered.map((module) => bareName(base.architecture, module))])];
}

/** Where nothing is said of targets, query and value: what PEFT takes where it has a default, and where it has none. */
function defaultTargets(
  { architecture }: BaseModel,
  { peft_type: type, target_modules: targets }: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  if (targets == null) return choosesModules(type) ? { target_modules: architecture.names.attention } : {};
  if (!architecture.modulesNamed || !Array.isArray(targets)) return {};
  return { target_modules: targets.flatMap((name) => architecture.modulesNamed!(String(name))) };
}

/**
 * Refuses to choose layers by number where several layers are one module. Throws `peft/shared-layers`,
 * `peft/shared-pattern`.
 */
function requireLayers({ tree, config }: BaseModel, fields: Readonly<Record<string, unknown>>): void {
  const modules = [...walk(tree)];
  const layers = config.num_hidden_layers;
  const groups = modules.find(({ node }) => node.type === 'ModuleList')?.node.children?.length ?? layers;
  if (groups >= layers) return;
  const { layers_to_transform: chosen } = fields;
  if (Array.isArray(chosen) ? chosen.length > 0 : chosen != null)
    throw fault('peft/shared-layers', { layers, groups });
  const paths = modules.filter(({ node }) => node.type === 'Linear').map(({ path: place }) => place);
  const fits = (field: string, pattern: string): boolean =>
    patternValues(field, { [pattern]: 1 }, paths, 0).some((value) => value === 1);
  const endsOne = (_: string, name: string): boolean =>
    paths.some((place) => place === name || place.endsWith(`.${name}`));
  const refuse = (field: string, given: readonly string[], chooses: typeof fits): void => {
    // Digits behind a letter are a part of a layer's name.
    const pattern = given.find((name) => /(?<![\w])\d/.test(name) && !chooses(field, name));
    if (pattern !== undefined) throw fault('peft/shared-pattern', { field, pattern, layers, groups });
  };
  for (const field of ['rank_pattern', 'alpha_pattern'])
    refuse(field, Object.keys(fields[field] ?? {}), fits);
  for (const field of ['target_modules', 'exclude_modules']) {
    const names = fields[field];
    if (typeof names === 'string') refuse(field, [names], fits);
    else if (Array.isArray(names)) refuse(field, names.map(String), endsOne);
  }
}

/** `all-linear` is saved as the list it stood for, as PEFT does. */
function resolvedTargets(
  config: Readonly<Record<string, unknown>>,
  method: PeftMethod,
): Record<string, unknown> {
  const { target_modules: targets } = config;
  const isWord = typeof targets === 'string' && targets.toLowerCase() === 'all-linear';
  return isWord && method.targets.size > 0 ? { target_modules: [...method.targets.keys()] } : {};
}

const count = (specs: readonly ParameterSpec[]): number =>
  specs.reduce((sum, { shape }) => sum + elements(shape), 0);
