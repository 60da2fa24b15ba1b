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
export class OtherRuns {
  private readonly context: BackendContext;
  private readonly store: ExperimentStore;
  private readonly points: PointStore;
  private readonly teller: Teller;
  private readonly timer: NodeJS.Timeout;
  private readonly written: () => boolean;
  private lookedAt = Date.now();
  private looking = false;
  /** The last step told to windows, by experiment. */
  private readonly told = new Map<string, number>();

  /** `looked`: called behind every look; the device may be free. */
  constructor(
    context: BackendContext,
    store: ExperimentStore,
    points: PointStore,
    teller: Teller,
    looked: () => void,
  ) {
    this.context = context;
    this.store = store;
    this.points = points;
    this.teller = teller;
    this.written = otherWrites(context.db);
    this.timer = setInterval(() => {
      if (this.looking) return;
      this.looking = true;
      void this.look()
        .then(looked)
        // A store that cannot be read just now can be at the next look.
        .catch(() => undefined)
        .finally(() => (this.looking = false));
    }, LOOK_MS);
    this.timer.unref();
    context.onClose(() => Promise.resolve(clearInterval(this.timer)));
  }

  /** Whether one of them trains right now. */
  busy(): boolean {
    return this.store.running().some((id) => isLive(this.store.record(id)));
  }

  /** Runs of programs that are gone are interrupted, with a sentence that says so. `atStart`: nothing of ours runs. */
  async settle(atStart: boolean): Promise<void> {
    for (const id of this.store.running()) {
      const record = this.store.record(id);
      const { details, step, folder, runnerPid } = record;
      if (isLive(record) || (details.runner === 'app' && !atStart)) continue;
      const checkpoint = await lastCheckpoint(folder);
      const failure =
        details.runner === 'cli' && runnerPid !== null
          ? endFault({ kind: 'killed', signal: 'the command line ended' }, step, checkpoint)
          : fault('experiments/app-ended', { step, checkpoint });
      this.store.update(id, {
        state: 'interrupted',
        fault: failure.toJSON(),
        finished_at: Date.now(),
        facts: { checkpointStep: checkpoint, timeLeft: null },
      });
      this.teller.changed(id);
    }
  }

  /** Tells windows what other programs wrote since the last look. */
  private async look(): Promise<void> {
    await this.settle(false);
    if (!this.written()) return;
    const since = this.lookedAt;
    this.lookedAt = Date.now();
    for (const id of this.store.changedSince(since)) {
      if (this.store.record(id).details.runner !== 'cli') continue;
      const after = this.told.get(id) ?? -1;
      const [curve, evaluations] = [await this.points.curve(id, after), this.points.evaluations(id, after)];
      this.told.set(id, Math.max(after, curve.step.at(-1) ?? -1));
      if (curve.step.length + evaluations.length > 0)
        this.context.emit('experiments/points', { id, curve, evaluations });
      this.teller.changed(id);
    }
  }
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
