/** The baselines that add nothing: training the head alone, or every weight. */
import type { ModuleNode } from '../models/module-tree.ts';
import { parameterSpecs } from '../models/module-tree.ts';
import type { PeftMethod } from './method.ts';

/** Trains `parameters` of the model in place. */
function inPlace(parameters: readonly string[]): PeftMethod {
  return {
    added: [],
    trainedBase: new Set(parameters),
    initialize: (spec) => new Float32Array(spec.shape.reduce((a, b) => a * b, 1)),
    layerAt: () => undefined,
    merge: (_, value) => value,
    fileKey: (name) => `base_model.model.${name}`,
  };
}

/** Only what `modules_to_save` names trains: the classification head and newly initialised layers. */
export const headOnly = (): PeftMethod => inPlace([]);

/** Every weight trains; the "adapter" is the whole model. */
export const fullFineTuning = (model: ModuleNode): PeftMethod =>
  inPlace(parameterSpecs(model).map(({ name }) => name));
