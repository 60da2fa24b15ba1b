import type { Method } from '../../../shared/methods/method.ts';
import type { Settings, SettingsValues } from '../../../shared/settings/setting.ts';
import type { Pcg64 } from '../../../shared/random/pcg64.ts';
import { parseAdapterConfig } from '../formats/adapter-config.ts';
import type { LayerHooks } from '../models/layers.ts';
import type { ModuleNode } from '../models/module-tree.ts';
import type { ParameterSpec } from '../models/parameters.ts';

/** A parameter that a method adds to the model. */
export interface AddedParameter extends ParameterSpec {
  /** False: it keeps its first value, and stands in the file beside what trains. */
  trains: boolean;
  /** Its learning rate, as a multiple of the run's; absent: 1. */
  rate?: number;
}

/** One module whose weight W [out, in] becomes W + scaling·B·A, A [rank, in], B [out, rank]. */
export interface LowRankLayer {
  path: string;
  rank: number;
  scaling: number;
  inFeatures: number;
  outFeatures: number;
  /** Names of the added parameters. */
  a: string;
  b: string;
}

/** An adapter whose modules are all low-rank. */
export interface LowRank {
  /** The largest that its configuration gives a module. */
  rank: number;
  layers: ReadonlyMap<string, LowRankLayer>;
  /** Fields of adapter_config.json like its own, for exactly the modules `paths` with scaling 1. */
  with(rank: number, paths: readonly string[]): Readonly<Record<string, unknown>>;
}

/** U·diag(S)·Vᵀ of a matrix [rows, columns]: U [rows, k], S [k], V [columns, k], k the smaller side. */
export type Svd = (
  matrix: Float32Array,
  rows: number,
  columns: number,
) => { u: Float32Array; s: Float32Array; v: Float32Array };

/** A start whose product is taken out of the base: W - s·B₀·A₀ stays as it is, and A and B train from A₀ and B₀. */
export interface TakenOut {
  layers: ReadonlyMap<string, LowRankLayer>;
  /** A₀ and B₀ of a layer's weight. */
  factors(weight: Float32Array, layer: LowRankLayer, svd: Svd): { a: Float32Array; b: Float32Array };
  /** Fields of adapter_config.json of the same adapter on the base as it is, of twice the rank. */
  fields: Readonly<Record<string, unknown>>;
}

/** Parameters and both moments of AdamW by name; float32. */
export type TrainedState = Map<string, { p: Float32Array; m: Float32Array; v: Float32Array }>;

/**
 * A way of fine-tuning on one model. Names are engine names: a base parameter has its checkpoint name, an added one the
 * name of its module followed by its own, as PEFT writes it without the leading `base_model.model.`.
 */
export interface PeftMethod {
  readonly added: readonly AddedParameter[];
  /** Base parameters that train in place (biases, or everything). */
  readonly trainedBase: ReadonlySet<string>;
  /** Paths of the modules that it changes, in the model's order, each with what a person is told of it. */
  readonly targets: ReadonlyMap<string, string>;
  /** What happens at the modules of the model while the method is not merged. */
  readonly hooks?: LayerHooks;
  /**
   * First values of an added parameter; `read` gives base parameters, and those added before it. The same for the same
   * random numbers.
   */
  initialize(
    spec: ParameterSpec,
    random: Pcg64,
    read: (name: string) => Promise<Float32Array>,
  ): Float32Array | Promise<Float32Array>;
  /**
   * After optimizer step `step` (from 1): the state to go on with; undefined: as it is. It depends on step and state
   * alone, so that a run that was resumed ends like one that was not.
   */
  afterStep?(step: number, state: () => TrainedState): TrainedState | undefined;
  /** Why nothing can be merged, as the end of a sentence; absent: `merge` gives every base parameter. */
  readonly unmergeable?: string;
  /** The base parameter `name` with the method folded in; `value` may be changed in place. */
  merge(name: string, value: Float32Array, added: (name: string) => Float32Array): Float32Array;
  /** The key of a parameter in `adapter_model.safetensors`. */
  fileKey(name: string): string;
  /** Present where all that it adds are products of two small matrices: such adapters can be added up. */
  readonly lowRank?: LowRank;
  readonly takenOut?: TakenOut;
}

/** The arithmetic of one entry of shared/methods. */
export interface MethodType {
  readonly method: Method;
  /** Throws `formats/field` for fields that do not fit, `peft/…` for a model that it does not fit. */
  on(model: ModuleNode, fields: Readonly<Record<string, unknown>>, source: string): PeftMethod;
}

/** What a method without parameters of its own has in common with others: keys are as PEFT writes those of the base. */
export const unchanged: Pick<PeftMethod, 'added' | 'targets' | 'initialize' | 'merge' | 'fileKey'> = {
  added: [],
  targets: new Map(),
  initialize: ({ name }) => {
    throw new Error(`${name} is not added by the method.`);
  },
  merge: (_, value) => value,
  fileKey: (name) => `base_model.model.${name}`,
};

/** An entry whose fields are checked as its settings describe them. */
export const methodType = <S extends Settings>(
  method: Method<S>,
  on: (model: ModuleNode, settings: SettingsValues<S>) => PeftMethod,
): MethodType => ({
  method,
  on: (model, fields, source) => on(model, parseAdapterConfig(method, fields, source)),
});
