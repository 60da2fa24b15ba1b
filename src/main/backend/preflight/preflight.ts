import type { Handlers } from '../../../shared/contract.ts';
import { openBaseModel } from '../../engine/models/base-model.ts';
import type { BackendContext } from '../context.ts';
import { knownSpeeds } from '../system/doctor.ts';
import { requireModel } from '../models/presence.ts';
import { presetsFor } from './presets.ts';
import { quickPreflight } from './quick.ts';
import { RowReader } from './rows/row-reader.ts';
import type { Timings } from './timing.ts';

/** What a person is told before an experiment runs, and where the form starts from. */
export function preflightHandlers(
  context: BackendContext,
  timings: Timings,
): Pick<Handlers, 'experiments/presets' | 'experiments/preflight' | 'experiments/time'> {
  const reader = new RowReader();
  context.onClose(() => reader.close());
  return {
    'experiments/presets': async ({ modelId }) => {
      // A model that cannot be opened gets the usual names; what is wrong with it is said elsewhere.
      const open = async (id: string) =>
        openBaseModel(requireModel(context, id).folder, { head: 'sequence' });
      const base = modelId === null ? null : await open(modelId).catch(() => null);
      const presets = presetsFor(base, knownSpeeds(context.db));
      await base?.close();
      return { presets };
    },
    'experiments/preflight': ({ spec }) => quickPreflight(context, reader, spec),
    'experiments/time': ({ spec }) => timings.time(spec),
  };
}
