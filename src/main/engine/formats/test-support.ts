import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Fault } from '../../../shared/faults/index.ts';

export const golden = join(import.meta.dirname, '../../../../fixtures/golden');
export const fixtures = join(import.meta.dirname, 'fixtures');

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'graft-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** The paths of all golden files whose name ends in `suffix`. */
export async function goldenFiles(suffix: string): Promise<string[]> {
  const names = await readdir(golden, { recursive: true });
  return names
    .filter((name) => name.endsWith(suffix))
    .sort()
    .map((name) => join(golden, name));
}

/** The fault that `action` ends with; anything else thrown, or nothing, fails the test. */
export async function faultOf(action: () => Promise<unknown>): Promise<Fault> {
  try {
    await action();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('no fault was thrown');
}

/** All that a person reads, with the folder of the test left out. */
export function textOf(fault: Fault, folder: string): string {
  return `${fault.message} ${fault.remedy}`.replaceAll(`${folder}/`, '').replaceAll(folder, 'FOLDER');
}
