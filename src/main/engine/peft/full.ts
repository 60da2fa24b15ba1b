import { full as method } from '../../../shared/methods/full.ts';
import { parameterSpecs } from '../models/module-tree.ts';
import { unchanged, type MethodType } from './method.ts';

/** Every weight trains; the "adapter" is the whole model. */
export const full: MethodType = {
  method,
  on: (model) => ({ ...unchanged, trainedBase: new Set(parameterSpecs(model).map(({ name }) => name)) }),
};
