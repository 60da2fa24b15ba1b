import { answering } from '../../../shared/contract.ts';
import { preferencesSchema, type Preferences } from '../../../shared/contract/system.ts';
import { given } from '../../../shared/fields.ts';
import type { Db } from '../../storage/database.ts';
import { readSetting, writeSetting } from '../../storage/settings.ts';
import type { BackendContext } from '../context.ts';

/** The name of the hub's token in the host's key store. */
export const hubTokenName = 'hub-token';

/** What the person chose; a value that this version does not know counts as not chosen. */
export function readPreferences(db: Db): Preferences {
  const stored = readSetting(db, 'preferences');
  const parsed = preferencesSchema.safeParse(stored ?? {});
  return parsed.success ? parsed.data : preferencesSchema.parse({});
}

export function preferenceHandlers({ db, host, emit }: BackendContext) {
  return answering({
    'settings/read': async () => ({
      preferences: readPreferences(db),
      hasToken: (await host.secrets.read(hubTokenName)) !== null,
      keyStore: host.secrets.available,
    }),
    'settings/write': ({ preferences: change }) => {
      const preferences = preferencesSchema.parse({ ...readPreferences(db), ...given(change) });
      writeSetting(db, 'preferences', preferences);
      emit('settings/changed', preferences);
      return { preferences };
    },
    'settings/set-token': ({ token }) => host.secrets.write(hubTokenName, token),
  });
}
