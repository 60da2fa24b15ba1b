import type { Handlers } from '../../../shared/contract.ts';
import type { systemMethods } from '../../../shared/contract/system.ts';
import type { BackendContext } from '../context.ts';
import { Doctor } from './doctor.ts';
import { browseHandlers, receiveHandlers } from './files.ts';
import { licenceHandlers } from './licences.ts';
import { preferenceHandlers } from './preferences.ts';
import { runtimeHandlers } from './runtime/install.ts';
import { statusHandlers, type ListExperiments } from './status.ts';
import { storageHandlers } from './storage.ts';

/** The machine, the workspace and the person's preferences. */
export function systemHandlers(
  context: BackendContext,
  listExperiments: ListExperiments,
): Handlers<Exclude<keyof typeof systemMethods, 'system/home' | 'system/open-sample'>> {
  const doctor = new Doctor(context);
  return {
    ...browseHandlers(context),
    ...doctor.handlers,
    ...licenceHandlers(),
    ...preferenceHandlers(context),
    ...receiveHandlers(context),
    ...runtimeHandlers(context),
    ...statusHandlers(context, doctor, listExperiments),
    ...storageHandlers(context),
  };
}
