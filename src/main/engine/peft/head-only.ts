import { headOnly as method } from '../../../shared/methods/head-only.ts';
import { unchanged, type MethodType } from './method.ts';

/** Only what `modules_to_save` names trains: the classification head and newly initialised layers. */
export const headOnly: MethodType = {
  method,
  on: () => ({ ...unchanged, trainedBase: new Set() }),
};
