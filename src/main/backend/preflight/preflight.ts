import type { Handlers } from '../../../shared/contract.ts';
import { openBaseModel } from '../../engine/models/base-model.ts';
import type { BackendContext } from '../context.ts';
import { knownSpeeds } from '../system/doctor.ts';
import { findModel } from './lookup.ts';
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
      const model = modelId === null ? null : findModel(context, modelId);
      if (!model) return { presets: presetsFor(null, knownSpeeds(context.db)) };
      // A model that cannot be opened gets the usual names; what is wrong with it is said elsewhere.
      const base = await openBaseModel(model.folder, { head: 'sequence' }).catch(() => null);
      const presets = presetsFor(base?.tree ?? null, knownSpeeds(context.db));
      await base?.close();
      return { presets };
    },
    'experiments/preflight': ({ spec }) => quickPreflight(context, reader, spec),
    'experiments/time': ({ spec }) => timings.time(spec),
  };
}
