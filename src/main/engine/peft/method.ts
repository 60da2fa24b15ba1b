import type { AdaptedLinear } from '../models/layers.ts';
import type { ParameterSpec } from '../models/parameters.ts';
import type { Pcg64 } from '../../../shared/random/pcg64.ts';

/**
 * A way of fine-tuning. Names are engine names: a base parameter has its checkpoint name, an added one the name of its
 * module followed by its own, as PEFT writes it without the leading `base_model.model.`.
 */
export interface PeftMethod {
  /** Parameters that the method adds to the model. */
  readonly added: readonly ParameterSpec[];
  /** Base parameters that train in place (biases, whole modules, or everything). */
  readonly trainedBase: ReadonlySet<string>;
  /** First values of an added parameter. */
  initialize(spec: ParameterSpec, random: Pcg64): Float32Array;
  /** What happens to the linear layer at `path` in training. */
  layerAt(path: string): AdaptedLinear | undefined;
  /** The base parameter `name` with the method folded in; `value` may be changed in place. */
  merge(name: string, value: Float32Array, added: (name: string) => Float32Array): Float32Array;
  /** The key of a trained parameter in `adapter_model.safetensors`. */
  fileKey(name: string): string;
}
