import type { BackendContext } from '../context.ts';
import type { JobControl } from './jobs.ts';

const last = new WeakMap<BackendContext, Promise<unknown>>();

/** One after another: each of these jobs holds a whole model, and a machine of two cores is no faster with two. */
export async function inTurn<T>(
  context: BackendContext,
  control: JobControl,
  work: () => Promise<T>,
): Promise<T> {
  const before = last.get(context) ?? Promise.resolve();
  let leave = (): void => undefined;
  const mine = new Promise<void>((resolve) => (leave = resolve));
  last.set(
    context,
    before.then(() => mine),
  );
  const { signal } = control;
  try {
    control.progress({ phase: 'Waiting its turn', done: 0, total: 0, unit: '' });
    await Promise.race([
      before,
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
    ]);
    signal.throwIfAborted();
    return await work();
  } finally {
    leave();
  }
}
