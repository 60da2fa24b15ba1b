import { setTimeout as pause } from 'node:timers/promises';
import { isAlive } from '../../engine/formats/temporary.ts';

/** Resolves when a process has ended, or after `patienceMs`: its number may be another one's by now. */
export async function waitForEnd(pid: number, patienceMs = 15_000): Promise<void> {
  const until = performance.now() + patienceMs;
  while (isAlive(pid) && performance.now() < until) await pause(50);
}
