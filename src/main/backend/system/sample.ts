import { experimentSchema, specSchema, type ExperimentSpec } from '../../../shared/contract/experiments.ts';
import type { Handlers } from '../../../shared/contract.ts';
import type { BackendContext } from '../context.ts';

export function sampleHandlers(_context: BackendContext): Handlers<'system/open-sample'> {
  void experimentSchema;
  void specSchema;
  const x: ExperimentSpec | null = null;
  void x;
  return {
    'system/open-sample': () => {
      throw new Error('later');
    },
  };
}
