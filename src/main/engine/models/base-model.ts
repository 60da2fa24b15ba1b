import path from 'node:path';
import { Pcg64 } from '../../../shared/random/pcg64.ts';
import { fault } from '../../../shared/faults/index.ts';
import { openCheckpoint } from '../formats/checkpoint.ts';
import { parseModelConfig, readModelConfig, type ModelConfig } from '../formats/model-config.ts';
import type { TensorFile } from '../formats/tensor.ts';
import { bertModules, type BertConfig } from './bert.ts';
import { checkpointHead, type CheckpointHead } from './checkpoint-head.ts';
import type { Activation } from './layers.ts';
import { parameterSpecs, type ModuleNode } from './module-tree.ts';
import { architectureNames, strangerNames } from './weight-names.ts';
import { elements, type ParameterSpec } from './parameters.ts';

export type Head = 'classification' | 'encoder';

export interface BaseModelOptions {
  head: Head;
  /** Labels of the head to train; a head of another size in the checkpoint is then replaced. */
  labelNames?: readonly string[];
  overrides?: Readonly<Record<string, unknown>>;
  /** Seed of newly initialised weights. */
  seed?: number;
}

/** A checkpoint on disk as one of our architectures; weights are read when they are asked for. */
export interface BaseModel {
  readonly folder: string;
  readonly config: BertConfig;
  /** config.json as it will be written again, label maps included. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly labelNames: readonly string[];
  /** What the checkpoint's own head is for. A head of another kind is never used: its place counts as missing. */
  readonly ownHead: CheckpointHead;
  readonly tree: ModuleNode;
  readonly parameters: readonly ParameterSpec[];
  /** Parameters that the checkpoint lacks, by engine name. */
  readonly newlyInitialized: readonly string[];
  /** Tensors of the checkpoint that the architecture has no place for. */
  readonly unused: readonly string[];
  /** float32 values; newly initialised ones are drawn, the same for the same seed. */
  read(name: string): Promise<Float32Array>;
  close(): Promise<void>;
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
  file: TensorFile,
  options: BaseModelOptions,
): BaseModel {
  const { head, seed = 42 } = options;
  const labelNames = options.labelNames ?? modelConfig.id2label;
  const config = bertConfig(folder, modelConfig, labelNames.length);
  const inFile = architectureNames(file);
  const ownHead = checkpointHead(folder, modelConfig, { path: file.path, names: [...inFile.keys()] });
  const tree = bertModules(config, head);
  const parameters = parameterSpecs(tree);
  const newlyInitialized: string[] = [];
  const places = new Map<string, string>();
  for (const { name, shape } of parameters) {
    const isHead = name.startsWith('classifier.');
    if (isHead && ownHead.kind === 'other') {
      newlyInitialized.push(name);
      continue;
    }
    const place = inFile.get(name) ?? inFile.get(name.startsWith('bert.') ? name.slice(5) : `bert.${name}`);
    const found = place === undefined ? undefined : file.tensors.get(place)?.shape;
    if (place !== undefined && found?.join() === shape.join()) places.set(name, place);
    else if (found === undefined || (options.labelNames && isHead)) newlyInitialized.push(name);
    else {
      const key = decidingKey(name, shape, found);
      throw fault('models/shape', { file: file.path, tensor: place ?? name, expected: shape, found, key });
    }
  }
  if (places.size === 0) {
    const found = strangerNames(file);
    throw fault('models/no-weights', { file: file.path, architecture: tree.type, found });
  }
  const used = new Set(places.values());
  const specs = new Map(parameters.map((spec, i) => [spec.name, { spec, number: i }]));
  return {
    folder,
    config,
    raw: { ...withoutCount(modelConfig.raw), ...labelMaps(labelNames) },
    labelNames,
    ownHead,
    tree,
    parameters,
    newlyInitialized,
    unused: [...file.tensors.keys()].filter((name) => !used.has(name) && !/position_ids$/.test(name)),
    async read(name) {
      const place = places.get(name);
      if (place !== undefined) return file.readFloat32(place);
      const known = specs.get(name);
      if (!known) throw new Error(`The model has no parameter ${name}.`);
      return initialValues(known.spec, modelConfig.initializer_range, new Pcg64([seed, known.number]));
    },
    close: () => file.close(),
  };
}

/** transformers takes the number of labels from `id2label`; a number beside it may contradict that. */
function withoutCount({ num_labels, ...raw }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return raw;
}

/** The key of config.json that decides on a parameter's size, where it is another one than was found. */
function decidingKey(name: string, expected: readonly number[], found: readonly number[]): string | null {
  const rows = expected[0] !== found[0];
  if (name.startsWith('classifier.')) return rows ? 'id2label' : 'hidden_size';
  const table = /(word|position|token_type)_embeddings\.weight$/.exec(name)?.[1];
  if (table !== undefined && rows)
    return { word: 'vocab_size', position: 'max_position_embeddings', token_type: 'type_vocab_size' }[table]!;
  if (found.length !== expected.length) return null;
  return /\.intermediate\.dense\.|layer\.\d+\.output\.dense\.weight$/.test(name) &&
    rows === name.includes('intermediate')
    ? 'intermediate_size'
    : 'hidden_size';
}

function labelMaps(names: readonly string[]): Record<string, unknown> {
  return {
    id2label: Object.fromEntries(names.map((name, id) => [String(id), name])),
    label2id: Object.fromEntries(names.map((name, id) => [name, id])),
  };
}

const activations: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  relu: 'relu',
};

function bertConfig(folder: string, config: ModelConfig, numLabels: number): BertConfig {
  const file = path.join(folder, 'config.json');
  if (config.model_type !== 'bert') {
    throw fault('models/unsupported-architecture', { file, found: config.model_type, supported: ['bert'] });
  }
  for (const key of ['is_decoder', 'add_cross_attention', 'is_encoder_decoder']) {
    if (config.raw[key] === true)
      throw fault('models/unsupported-value', { file, key, found: 'true', supported: ['false'] });
  }
  const activation = activations[config.hidden_act];
  if (!activation) {
    throw fault('models/unsupported-value', {
      file,
      key: 'hidden_act',
      found: config.hidden_act,
      supported: Object.keys(activations),
    });
  }
  if (config.position_embedding_type !== 'absolute') {
    throw fault('models/unsupported-value', {
      file,
      key: 'position_embedding_type',
      found: config.position_embedding_type,
      supported: ['absolute'],
    });
  }
  return {
    vocab_size: config.vocab_size,
    hidden_size: config.hidden_size,
    num_hidden_layers: config.num_hidden_layers,
    num_attention_heads: config.num_attention_heads,
    intermediate_size: config.intermediate_size,
    activation,
    hidden_dropout_prob: config.hidden_dropout_prob,
    attention_probs_dropout_prob: config.attention_probs_dropout_prob,
    classifier_dropout: config.classifier_dropout ?? config.hidden_dropout_prob,
    max_position_embeddings: config.max_position_embeddings,
    type_vocab_size: config.type_vocab_size,
    layer_norm_eps: config.layer_norm_eps,
    pad_token_id: config.pad_token_id,
    num_labels: numLabels,
  };
}

/** As transformers' `_init_weights`: N(0, initializer_range) for matrices, 1 for norms' weights, 0 for biases. */
function initialValues({ name, shape }: ParameterSpec, range: number, random: Pcg64): Float32Array {
  const values = new Float32Array(elements(shape));
  if (name.endsWith('.bias')) return values;
  if (name.includes('LayerNorm')) return values.fill(1);
  return values.map(() => random.standardNormal() * range);
}
