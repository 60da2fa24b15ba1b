import { setTimeout as pause } from 'node:timers/promises';
import { fault } from '../../../shared/faults/index.ts';
import { otherWrites } from '../../storage/database.ts';
import type { PointStore } from '../../storage/experiment-points.ts';
import type { ExperimentRecord, ExperimentStore } from '../../storage/experiments.ts';
import type { BackendContext } from '../context.ts';
import { endFault } from '../jobs/engine-run.ts';
import { isAlive } from '../../engine/formats/temporary.ts';
import { lastCheckpoint } from './run-folder.ts';
import type { Teller } from './teller.ts';

const LOOK_MS = 500;
/** A process that writes nothing for so long is not the one that the store knows by this number. */
const SILENT_MS = 15 * 60_000;

/** Runs that other programs record in this store: `graft train --workspace`, and what a killed backend left behind. */
export interface OtherRuns {
  /** Whether one of them trains right now. */
  busy(): boolean;
  /** Runs of programs that are gone are interrupted, with a sentence that says so. `atStart`: nothing of ours runs. */
  settle(atStart: boolean): Promise<void>;
}

/** Looks at them as long as the workspace is open. `looked`: called behind every look; the device may be free. */
export function watchOtherRuns(
  { db, emit, onClose }: BackendContext,
  store: ExperimentStore,
  points: PointStore,
  teller: Teller,
  looked: () => void,
): OtherRuns {
  const written = otherWrites(db);
  let lookedAt = Date.now();
  let looking = false;
  /** The last step told to windows, by experiment. */
  const told = new Map<string, number>();

  const settle = async (atStart: boolean): Promise<void> => {
    for (const id of store.running()) {
      const record = store.record(id);
      const { details, step, folder, runnerPid } = record;
      if (isLive(record) || (details.runner === 'app' && !atStart)) continue;
      const checkpoint = await lastCheckpoint(folder);
      const failure =
        details.runner === 'cli' && runnerPid !== null
          ? endFault({ kind: 'killed', signal: 'the command line ended' }, step, checkpoint)
          : fault('experiments/app-ended', { step, checkpoint });
      store.update(id, {
        state: 'interrupted',
        fault: failure.toJSON(),
        finished_at: Date.now(),
        facts: { checkpointStep: checkpoint, timeLeft: null },
      });
      teller.changed(id);
    }
  };

  /** Tells windows what other programs wrote since the last look. */
  const look = async (): Promise<void> => {
    await settle(false);
    if (!written()) return;
    const since = lookedAt;
    lookedAt = Date.now();
    for (const id of store.changedSince(since)) {
      if (store.record(id).details.runner !== 'cli') continue;
      const after = told.get(id) ?? -1;
      const [curve, evaluations] = [await points.curve(id, after), points.evaluations(id, after)];
      told.set(id, Math.max(after, curve.step.at(-1) ?? -1));
      if (curve.step.length + evaluations.length > 0) emit('experiments/points', { id, curve, evaluations });
      teller.changed(id);
    }
  };

  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look()
      .then(looked)
      // A store that cannot be read just now can be at the next look.
      .catch(() => undefined)
      .finally(() => (looking = false));
  }, LOOK_MS).unref();
  onClose(() => Promise.resolve(clearInterval(timer)));
  return { busy: () => store.running().some((id) => isLive(store.record(id))), settle };
}

/** A run of a command line whose process is there and writes. */
export function isLive({ details, runnerPid, updatedAt }: ExperimentRecord): boolean {
  return (
    details.runner === 'cli' && runnerPid !== null && Date.now() - updatedAt < SILENT_MS && isAlive(runnerPid)
  );
}

/** Resolves when a process has ended, or after `patienceMs`: its number may be another one's by now. */
export async function waitForEnd(pid: number, patienceMs = 15_000): Promise<void> {
  const until = performance.now() + patienceMs;
  while (isAlive(pid) && performance.now() < until) await pause(50);
}
