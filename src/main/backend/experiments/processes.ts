import { setTimeout as pause } from 'node:timers/promises';

/** Whether a process of this number lives. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives and belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** Resolves when a process has ended, or after `patienceMs`: its number may be another one's by now. */
export async function waitForEnd(pid: number, patienceMs = 15_000): Promise<void> {
  const until = performance.now() + patienceMs;
  while (isAlive(pid) && performance.now() < until) await pause(50);
}
