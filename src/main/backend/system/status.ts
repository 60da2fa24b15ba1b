import { readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
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
      version: programVersion(),
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

/** The version in package.json, found upwards from here, in the checkout and in the built app alike. */
function programVersion(): string {
  for (let folder = import.meta.dirname; path.dirname(folder) !== folder; folder = path.dirname(folder)) {
    try {
      const found = z
        .object({ name: z.literal('graft'), version: z.string() })
        .safeParse(JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')));
      if (found.success) return found.data.version;
    } catch {
      // No package.json here.
    }
  }
  return 'unknown';
}
