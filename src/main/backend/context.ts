import type { EventName, EventOf } from '../../shared/contract.ts';
import type { Db } from '../storage/database.ts';
import type { Workspace } from '../storage/workspace.ts';
import type { Host } from './host.ts';
import type { Jobs } from './jobs/jobs.ts';

/** What every area of the backend is given. */
export interface BackendContext {
  workspace: Workspace;
  /** The one writer of the state. No statement on it takes over 50 ms. */
  db: Db;
  host: Host;
  jobs: Jobs;
  /** Sends an event to every window. */
  emit: <Name extends EventName>(event: Name, data: EventOf<Name>) => void;
  /** What an area has to end before the files are closed, the last one first. */
  onClose: (work: () => Promise<void>) => void;
}
