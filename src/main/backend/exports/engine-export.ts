import { fault } from '../../../shared/faults/index.ts';
import { EngineRun, progressTo, revived, wayOf, type EngineEnd } from '../jobs/engine-run.ts';
import type { Host } from '../host.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { targetEventSchema, type ExportJobInput, type TargetEvent } from './engine-job.ts';

/** How long an engine may take to stop by itself: it ends what it writes and what it asked of other processes. */
const STOP_MS = 15_000;

/**
 * Runs the engine's export to its end. Aborting asks it to stop, which keeps what is proved and leaves nothing half
 * there. Throws the job's faults, `exports/engine-ended`, `exports/engine-memory`, and the signal's reason.
 */
export async function exportInEngine(
  host: Host,
  input: ExportJobInput,
  control: JobControl,
  onTarget: (event: TargetEvent) => void,
): Promise<void> {
  const { signal } = control;
  signal.throwIfAborted();
  const tellProgress = progressTo(control);
  const run = new EngineRun({
    host,
    job: 'export',
    input,
    onMessage: (message) => {
      tellProgress(message);
      if (message.type !== 'event') return;
      const target = targetEventSchema.safeParse(message.event).data;
      if (target) onTarget(target);
    },
  });
  let patience: NodeJS.Timeout | undefined;
  const stop = (): void => {
    run.stop('checkpoint');
    patience = setTimeout(() => run.kill(), STOP_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  const end = await run.ended;
  clearTimeout(patience);
  signal.removeEventListener('abort', stop);
  signal.throwIfAborted();
  if (end.kind !== 'result') throw failure(end);
}

function failure(end: Exclude<EngineEnd, { kind: 'result' }>): Error {
  if (end.kind === 'fault') return revived(end.fault);
  if (end.kind === 'memory') return fault('exports/engine-memory', {});
  return fault('exports/engine-ended', { how: wayOf(end) });
}
