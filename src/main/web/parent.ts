import { fstatSync } from 'node:fs';
import { isAlive } from '../engine/formats/temporary.ts';

const LOOK_MS = 500;

/**
 * Calls `onGone` once when the process that started this one is gone: its end of our stdin pipe closed, or its id is
 * no longer our parent's. Returns a function that ends the watch.
 */
export function watchParent(onGone: () => void): () => void {
  const parent = process.ppid;
  let told = false;
  const stop = (): void => {
    clearInterval(timer);
    process.stdin.off('end', gone);
    process.off('disconnect', gone);
  };
  function gone(): void {
    if (told) return;
    told = true;
    stop();
    onGone();
  }
  const timer = setInterval(() => {
    if (process.ppid !== parent || !isAlive(parent)) gone();
  }, LOOK_MS);
  timer.unref();
  process.once('disconnect', gone);
  const stdin = fstatSync(0, { bigint: false });
  if (stdin.isFIFO() || stdin.isSocket()) {
    process.stdin.once('end', gone);
    process.stdin.resume();
    process.stdin.unref();
  }
  return stop;
}
