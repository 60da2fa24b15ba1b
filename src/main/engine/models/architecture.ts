import type { HeadSpec } from '../../../shared/tasks/task.ts';
import type { ModelConfig } from '../formats/model-config.ts';
import type { TensorFile } from '../formats/tensor.ts';
import type { Tensor } from '../graph/graph.ts';
import type { Heads } from './attention-layout.ts';
import type { Layers } from './layers.ts';
import type { ModuleNode } from './module-tree.ts';
import type { TokenBatch } from './token-inputs.ts';

/**
 * What Graft knows of a family of encoders. A new one is a file beside this and a line in `architectures.ts`; nothing
 * outside this folder asks which one a model is.
 */
export interface Architecture {
  /** `model_type` in config.json. */
  readonly modelTypes: readonly string[];
  /** As people write it. */
  readonly title: string;
  /** What names of its checkpoints have in them. */
  readonly hubNames: readonly string[];
  readonly names: ArchitectureNames;
  /** A checkpoint's file with its tensors as the modules have them, where files of another layout are found too. */
  inModuleNames?(file: TensorFile): TensorFile;
  /** The modules that a target of an adapter made with other code of this architecture stands for. */
  modulesNamed?(target: string): readonly string[];
  /** Whether its code in transformers is a decoder's too, and takes keys and values of earlier tokens. */
  readonly pastKeys?: boolean;
  /** Programs that load exports and have no classifier of it. */
  readonly unknownTo?: readonly 'transformers.js'[];
  /**
   * A model as its config.json (`file`) describes it, with the defaults of transformers' configuration class. Throws
   * `formats/field` and `models/unsupported-value`.
   */
  open(config: ModelConfig, head: HeadSpec, file: string): Encoder;
}

/** Names of modules as the checkpoint has them; those of the encoder without `prefix`. */
export interface ArchitectureNames {
  /** Stands before the encoder's names in a model with a head; some checkpoints leave it out. */
  prefix: string;
  /** The table that token ids are looked up in. */
  words: string;
  /** What transformers puts on a bare encoder for a task, and PEFT trains and saves with an adapter. */
  head: readonly string[];
  /** The layer of the head that gives its outputs. */
  output: string;
  /** Modules of the encoder that its hidden states do not pass: a file of vectors may lack them. */
  unread: readonly string[];
  /** Names of tensors in its checkpoints that mean nothing: `_keys_to_ignore_on_load_unexpected` of its class. */
  ignored?: RegExp;
  /** The linear layers that LoRA's authors adapt (query and value), by the ends of their paths. */
  attention: readonly string[];
}

export type InputName = 'input_ids' | 'attention_mask' | 'token_type_ids';

/** The sizes of a model that others ask for, under transformers' names where it has one for all architectures. */
export interface EncoderConfig {
  vocab_size: number;
  hidden_size: number;
  num_hidden_layers: number;
  /** Tokens of the longest text. */
  max_tokens: number;
  /** 0: token types mean nothing here. */
  type_vocab_size: number;
  pad_token_id: number | null;
  heads: Heads;
}

/** One model of an architecture: its modules, and the graph that answers with them. */
export interface Encoder {
  readonly config: EncoderConfig;
  /** What programs that run an exported model feed. */
  readonly inputs: readonly InputName[];
  /** As `print(model)` lists them. */
  readonly tree: ModuleNode;
  /** Last hidden states, float32: [T,H], or [b,H] where only each text's first token is asked for. */
  encode(l: Layers, batch: TokenBatch, rows: 'all' | 'first'): Tensor;
  /** What the head gives, float32: [b,outputs] of `sequence`, [T,outputs] of `tokens`. */
  output(l: Layers, batch: TokenBatch): Tensor;
  /** First values of a parameter that a checkpoint lacks, by the module that owns it. */
  initial(module: ModuleNode, parameter: string): Distribution;
}

/** Values of a new parameter: N(0, deviation²), drawn anew beyond `cut` deviations, with noughts in a row, or all alike. */
export type Distribution =
  { deviation: number; cut?: number; zeroRow?: number | undefined } | { constant: number };

/**
 * As transformers' `_init_weights`: N(0, initializer_range) for matrices (0 counts as 0.02) but for a table's row of
 * padding, 1 for norms' weights, 0 for biases.
 */
export const normalInitial =
  (range: number): Encoder['initial'] =>
  (module, parameter) => {
    if (parameter === 'bias') return { constant: 0 };
    if (module.type.endsWith('Norm')) return { constant: 1 };
    return { deviation: range || 0.02, zeroRow: module.padding };
  };

/** What a file beside this says of its architecture, whose models have a config `C`. */
export interface ArchitectureDefinition<C extends EncoderConfig> extends Omit<Architecture, 'open'> {
  /** What a config.json means; throws as `open` does. */
  config: (raw: ModelConfig['raw'], file: string) => C;
  /** The names of the encoder begin with `names.prefix` where there is a head. */
  modules: (config: C, head: HeadSpec) => ModuleNode;
  /** Hidden states as `Encoder` has them; `prefix` is that of the modules. */
  encode: (l: Layers, config: C, batch: TokenBatch, prefix: string, rows: 'all' | 'first') => Tensor;
  output: (l: Layers, config: C, batch: TokenBatch, head: HeadSpec) => Tensor;
  /** Absent: token types where the model has a table of them. */
  inputs?: (config: C) => readonly InputName[];
  /** Absent: `normalInitial`. */
  initial?: (config: C, module: ModuleNode, parameter: string) => Distribution;
}

export const defineArchitecture = <C extends EncoderConfig & { initializer_range: number }>({
  config: configOf,
  modules,
  encode,
  output,
  inputs = ({ type_vocab_size: types }) => inputsOf(types > 0),
  initial = ({ initializer_range: range }, ...of) => normalInitial(range)(...of),
  ...known
}: ArchitectureDefinition<C>): Architecture => ({
  ...known,
  open({ raw }, head, file) {
    const config = configOf(raw, file);
    const prefix = head.kind === 'none' ? '' : known.names.prefix;
    return {
      config,
      inputs: inputs(config),
      tree: modules(config, head),
      encode: (l, batch, rows) => encode(l, config, batch, prefix, rows),
      output: (l, batch) => output(l, config, batch, head),
      initial: (module, parameter) => initial(config, module, parameter),
    };
  },
});

export const inputsOf = (tokenTypes: boolean): InputName[] => [
  'input_ids',
  'attention_mask',
  ...(tokenTypes ? (['token_type_ids'] as const) : []),
];

/** A parameter's name in a checkpoint of the encoder alone. */
export const bareName = ({ names }: Architecture, name: string): string =>
  name.startsWith(names.prefix) ? name.slice(names.prefix.length) : name;

/** Whether hidden states do not pass a parameter: it belongs to a head, or pools them. */
export const isBehindEncoder = (architecture: Architecture, name: string): boolean =>
  isUnder([...architecture.names.head, ...architecture.names.unread], bareName(architecture, name));

/** Whether a parameter or module belongs to one of these modules. */
export const isUnder = (modules: readonly string[], name: string): boolean =>
  modules.some((module) => name === module || name.startsWith(`${module}.`));
