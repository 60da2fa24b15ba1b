import { fault } from '../../shared/faults/index.ts';

/**
 * A signal that Ctrl-C (or SIGTERM) aborts. The handlers are removed by the first one, so that a second ends the
 * process at once, even inside a native call. `dispose` gives the signals back.
 */
export function watchInterrupts(say: (message: string) => void): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const dispose = () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  function stop(): void {
    dispose();
    say('Stopping after this step; what was done is kept. Ctrl-C again ends at once.');
    controller.abort(fault('cli/stopped', {}));
  }
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return { signal: controller.signal, dispose };
}
