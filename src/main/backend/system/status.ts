import { statfs } from 'node:fs/promises';
import os from 'node:os';
import packageJson from '../../../../package.json' with { type: 'json' };
import type { Handlers } from '../../../shared/contract.ts';
import type { Experiment } from '../../../shared/contract/experiments.ts';
import type { SystemStatus } from '../../../shared/contract/system.ts';
import { countAll } from '../../storage/database.ts';
import type { BackendContext } from '../context.ts';
import type { Doctor } from './doctor.ts';

export type ListExperiments = () => Promise<Experiment[]>;

/** States in which an experiment holds the device. */
const busy = new Set(['starting', 'running']);

/** What the frame of the window shows. */
export function statusHandlers(
  context: BackendContext,
  doctor: Doctor,
  listExperiments: ListExperiments,
): Handlers<'system/status'> {
  const { db, host, workspace } = context;
  const status = async (): Promise<SystemStatus> => {
    const experiments = await listExperiments();
    const { bavail, bsize } = await statfs(workspace.dir);
    return {
      version: packageJson.version,
      workspace: workspace.dir,
      host: host.kind,
      device: doctor.device,
      cpuCores: os.cpus().length,
      memoryTotalMb: os.totalmem() / 2 ** 20,
      memoryFreeMb: os.freemem() / 2 ** 20,
      diskFreeBytes: bavail * bsize,
      counts: countAll(db),
      running: experiments.find(({ state }) => busy.has(state)) ?? null,
      queued: experiments.filter(({ state }) => state === 'queued').length,
    };
  };

  if (doctor.device === null && host.kind !== 'cli') {
    // Once on a machine, and after the window is there.
    const timer = setTimeout(() => {
      void doctor
        .examine()
        .then(status)
        .then((now) => context.emit('system/status', now))
        .catch(() => undefined);
    }, 4000);
    context.onClose(() => Promise.resolve(clearTimeout(timer)));
  }
  return { 'system/status': status };
}
