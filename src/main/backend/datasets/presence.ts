import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { hashFile } from '../../engine/hub/hash-file.ts';
import type { VersionRow } from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';

/** Files whose hash was looked at, by path: what they were then. */
interface Look {
  mtimeMs: number;
  bytes: number;
  whole: boolean;
}
const looked = new Map<string, Look>();

export const versionFile = ({ workspace }: BackendContext, { file }: Pick<VersionRow, 'file'>): string =>
  join(workspace.datasets, file);

function statOf(file: string): { mtimeMs: number; bytes: number } | null {
  const stats = statSync(file, { throwIfNoEntry: false });
  return stats?.isFile() ? { mtimeMs: stats.mtimeMs, bytes: stats.size } : null;
}

/** Whether a version's file is there and, as far as was looked, whole. Quick: no more than its size is read. */
export function stateOf(context: BackendContext, version: VersionRow): 'present' | 'missing' | 'changed' {
  const file = versionFile(context, version);
  const now = statOf(file);
  if (now === null) return 'missing';
  const then = looked.get(file);
  const known = then?.mtimeMs === now.mtimeMs && then.bytes === now.bytes;
  return now.bytes !== version.bytes || (known && !then.whole) ? 'changed' : 'present';
}

/** Throws `datasets/missing` or `datasets/changed`. */
export function requirePresent(context: BackendContext, version: VersionRow): void {
  const state = stateOf(context, version);
  if (state === 'present') return;
  const { datasetName: name, number, file } = version;
  throw fault(state === 'missing' ? 'datasets/missing' : 'datasets/changed', { name, number, file });
}

/**
 * Compares a version's file with its hash, once as long as the file stays as it is. Resolves
 * to whether the answer of `stateOf` changed.
 */
export async function checkHash(context: BackendContext, version: VersionRow): Promise<boolean> {
  const file = versionFile(context, version);
  const now = statOf(file);
  const then = looked.get(file);
  if (now === null || now.bytes !== version.bytes) return false;
  if (then?.mtimeMs === now.mtimeMs && then.bytes === now.bytes) return false;
  const before = stateOf(context, version);
  const whole = (await hashFile(file, 'sha256')) === version.sha256;
  looked.set(file, { ...now, whole });
  return stateOf(context, version) !== before;
}

/** For a file that was hashed when it was made. */
export function markWhole(file: string): void {
  const now = statOf(file);
  if (now) looked.set(file, { ...now, whole: true });
}
