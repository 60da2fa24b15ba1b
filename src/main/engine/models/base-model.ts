import path from 'node:path';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import type { Loading } from '../../../shared/contract/models.ts';
import { fault } from '../../../shared/faults/index.ts';
import type { HeadSpec } from '../../../shared/tasks/task.ts';
import { openCheckpoint } from '../formats/checkpoint.ts';
import { parseModelConfig, readModelConfig, type ModelConfig } from '../formats/model-config.ts';
import type { TensorFile } from '../formats/tensor.ts';
import { bareName, isUnder, type Architecture, type Encoder, type EncoderConfig } from './architecture.ts';
import { architectureOf } from './architectures.ts';
import { checkpointHead, type CheckpointHead } from './checkpoint-head.ts';
import { parameterSpecs, walk, type ModuleNode } from './module-tree.ts';
import { architectureNames, strangerNames } from './weight-names.ts';
import { elements, type ParameterSpec } from './parameters.ts';

export type Head = HeadSpec['kind'];

export interface BaseModelOptions {
  head: Head;
  /** Labels of the head to train; a head of another size in the checkpoint is then replaced. */
  labelNames?: readonly string[];
  overrides?: Readonly<Record<string, unknown>>;
  /** Seed of newly initialised weights. */
  seed?: number;
}

/** A checkpoint on disk as a model of its architecture; weights are read when they are asked for. */
export interface BaseModel {
  readonly folder: string;
  readonly architecture: Architecture;
  readonly encoder: Encoder;
  readonly head: HeadSpec;
  readonly config: EncoderConfig;
  /** config.json as it will be written again, label maps included. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly labelNames: readonly string[];
  /** What the checkpoint's own head is for. The outputs of another kind are never used: they count as missing. */
  readonly ownHead: CheckpointHead;
  readonly tree: ModuleNode;
  readonly parameters: readonly ParameterSpec[];
  /** Parameters that are drawn, for the checkpoint lacks them or has them in another shape. */
  readonly newlyInitialized: readonly string[];
  readonly loading: Loading;
  /** float32 values; newly initialised ones are drawn, the same for the same seed. */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
}

/** The modules of a model without those of a head, by the names of a checkpoint of the encoder alone. */
export function bareEncoder({ tree, architecture }: BaseModel): ModuleNode {
  const encoder = architecture.names.prefix.replace(/\.$/, '');
  return [...walk(tree)].find(({ path: at }) => at === encoder)?.node ?? tree;
}

/** Throws `formats/…`, `models/…` or `files/…`. */
export async function openBaseModel(folder: string, options: BaseModelOptions): Promise<BaseModel> {
  const read = await readModelConfig(folder);
  const modelConfig = options.overrides
    ? parseModelConfig({ ...read.raw, ...options.overrides }, 'model_overrides')
    : read;
  if (modelConfig.quantization_config != null) throw fault('models/quantized', { folder });
  const file = await openCheckpoint(folder);
  try {
    return describe(folder, modelConfig, file, options);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function describe(
  folder: string,
  modelConfig: ModelConfig,
  stored: TensorFile,
  options: BaseModelOptions,
): BaseModel {
  const { seed = 42 } = options;
  const labelNames = options.labelNames ?? modelConfig.id2label;
  const configFile = path.join(folder, 'config.json');
  const architecture = architectureOf(modelConfig, configFile);
  const file = architecture.inModuleNames?.(stored) ?? stored;
  const { prefix, head: headModules } = architecture.names;
  const source = options.overrides ? 'model_overrides' : configFile;
  const open = (config: ModelConfig, outputs: number): Encoder =>
    architecture.open(config, { kind: options.head, outputs }, source);
  const encoder = open(modelConfig, labelNames.length);
  const inFile = architectureNames(file, architecture);
  const ownHead = checkpointHead(folder, modelConfig, { file, names: inFile, architecture });
  const parameters = parameterSpecs(encoder.tree);
  // The shapes that go with the number of outputs are those of the layer that gives them.
  const wider = parameterSpecs(open(modelConfig, labelNames.length + 1).tree);
  const isOther = ownHead.kind === 'other' && ownHead.outputs !== options.head;
  const missing: string[] = [];
  const mismatched: Loading['mismatched'][number][] = [];
  const found = new Map<string, string>();
  for (const [i, { name, shape }] of parameters.entries()) {
    const tensor =
      inFile.get(name) ?? inFile.get(bareName(architecture, name)) ?? inFile.get(`${prefix}${name}`);
    const given = tensor === undefined ? undefined : file.tensors.get(tensor)?.shape;
    if (given === undefined || (isOther && wider[i]!.shape.join() !== shape.join())) missing.push(name);
    else if (given.join() === shape.join()) found.set(name, tensor!);
    else if (options.labelNames && isUnder(headModules, name))
      mismatched.push({ name, found: [...given], expected: [...shape] });
    else {
      const key = decidingKey(name, given, modelConfig.raw, encoder, open);
      throw fault('models/shape', { file: file.path, tensor: tensor!, expected: shape, found: given, key });
    }
  }
  if (found.size === 0) {
    const names = strangerNames(file);
    throw fault('models/no-weights', { file: file.path, architecture: encoder.tree.type, found: names });
  }
  const used = new Set(found.values());
  const resized = new Set(mismatched.map(({ name }) => name));
  const unexpected = [...inFile]
    .filter(([name, tensor]) => !used.has(tensor) && !resized.has(name) && !isBuffer(architecture, name))
    .map(([name]) => name);
  // transformers takes the number of labels from `id2label`; a number beside it may contradict that.
  const { num_labels: _, ...raw } = modelConfig.raw;
  return {
    folder,
    architecture,
    encoder,
    head: { kind: options.head, outputs: labelNames.length },
    config: encoder.config,
    raw: {
      ...raw,
      id2label: Object.fromEntries(labelNames.map((name, id) => [String(id), name])),
      label2id: Object.fromEntries(labelNames.map((name, id) => [name, id])),
    },
    labelNames,
    ownHead,
    tree: encoder.tree,
    parameters,
    newlyInitialized: parameters.map(({ name }) => name).filter((name) => !found.has(name)),
    loading: { missing, unexpected, mismatched },
    async read(name) {
      const tensor = found.get(name);
      if (tensor !== undefined) return file.readFloat32(tensor);
      const number = parameters.findIndex((parameter) => parameter.name === name);
      if (number < 0) throw new Error(`The model has no parameter ${name}.`);
      return drawn(encoder, parameters[number]!, new Pcg64([seed, number]));
    },
    close: () => file.close(),
  };
}

/** What models keep beside their weights and older versions saved: `_keys_to_ignore_on_load_unexpected`. */
const isBuffer = ({ names }: Architecture, name: string): boolean =>
  /(?:^|\.)position_ids$|inv_freq$/.test(name) || names.ignored?.test(name) === true;

/** The key of config.json with which the parameter would have the shape that was found. */
function decidingKey(
  name: string,
  found: readonly number[],
  raw: Readonly<Record<string, unknown>>,
  encoder: Encoder,
  open: (config: ModelConfig, outputs: number) => Encoder,
): string | null {
  const fits = (fields: Readonly<Record<string, unknown>>, outputs: number): boolean => {
    try {
      const { tree } = open(parseModelConfig({ ...raw, ...fields }, ''), outputs);
      return parameterSpecs(tree).some((spec) => spec.name === name && spec.shape.join() === found.join());
    } catch {
      return false;
    }
  };
  const keys = Object.entries(encoder.config).flatMap(([key, value]) =>
    Number.isInteger(value) ? [key] : [],
  );
  const labels = found.some((size) => fits({}, size)) ? 'id2label' : undefined;
  return labels ?? keys.find((key) => found.some((size) => fits({ [key]: size }, 1))) ?? null;
}

function drawn(encoder: Encoder, { name, shape }: ParameterSpec, random: Pcg64): Float32Array {
  const [, owner = '', parameter = name] = /^(.*)\.([^.]+)$/.exec(name) ?? [];
  const module = [...walk(encoder.tree)].find(({ path: at }) => at === owner)!.node;
  const distribution = encoder.initial(module, parameter);
  const values = new Float32Array(elements(shape));
  if ('constant' in distribution) return values.fill(distribution.constant);
  const { deviation, cut = Infinity, zeroRow } = distribution;
  const width = shape.at(-1)!;
  return values.map((_, i) => {
    let value = random.standardNormal();
    while (Math.abs(value) > cut) value = random.standardNormal();
    return Math.floor(i / width) === zeroRow ? 0 : value * deviation;
  });
}

/** The most tokens a text may have: what is asked for, within what tokenizer and position table allow. */
export function longestText(
  { config }: Pick<BaseModel, 'config'>,
  tokenizer: { readonly modelMaxLength: number | null },
  asked?: number | null,
): number {
  const limit = Math.min(config.max_tokens, tokenizer.modelMaxLength ?? Infinity);
  return Math.min(asked ?? limit, limit);
}
