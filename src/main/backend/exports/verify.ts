import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { Fault } from '../../../shared/faults/index.ts';
import type { ExportedTarget } from '../../../shared/contract/exports.ts';
import type { ExportStore, StoredExport, TargetChange } from '../../storage/exports.ts';
import { trainedBase } from '../adapters/base.ts';
import type { BackendContext } from '../context.ts';
import { watchedEngineJob } from '../jobs/engine-run.ts';
import { hashFile } from '../../engine/hub/hash-file.ts';
import type { JobControl } from '../jobs/jobs.ts';
import { trainedSource } from './source.ts';

const resultSchema = z.object({
  passed: z.boolean(),
  /** One sentence for each thing that is not as it was. */
  problems: z.array(z.string()),
});

/** Whether a target was written once, so that it can be looked at again. */
export const isWritten = ({ state }: Pick<ExportedTarget, 'state'>): boolean =>
  state === 'passed' || state === 'failed' || state === 'missing';

/** Repeats the proof of every target from disk, and keeps what was found. Throws what the engine's end throws. */
export async function verifyTargets(
  context: BackendContext,
  store: ExportStore,
  id: string,
  control: JobControl,
  changed: () => void,
): Promise<void> {
  const found = store.read(id);
  const written = found.targets.filter(isWritten);
  for (const [done, target] of written.entries()) {
    control.signal.throwIfAborted();
    control.progress({
      phase: `Answering from ${path.basename(target.folder)}`,
      done,
      total: written.length,
      unit: 'targets',
    });
    const change = await look(context, store, found, target, control);
    if (!store.has(id)) return;
    store.update(id, target.target, { ...change, verifiedAt: Date.now() });
    changed();
  }
}

async function look(
  context: BackendContext,
  store: ExportStore,
  { id, source }: StoredExport,
  target: ExportedTarget,
  control: JobControl,
): Promise<TargetChange> {
  const { folder, proof } = target;
  if (!existsSync(folder)) return { state: 'missing', reason: `${folder} is gone.` };
  // What fell short when it was made cannot pass on fewer rows.
  if (proof && !proof.passed) return { state: 'failed' };
  const problems = await changedFiles(store, id, folder);
  if (problems.length > 0) return { state: 'failed', reason: problems.join(' ') };
  if (target.target === 'script') return { state: 'passed', reason: null };
  try {
    const base =
      target.target === 'peft'
        ? (await trainedBase(context, trainedSource(context.db, source).adapter)).model
        : null;
    const question = { job: 'verify', input: { folder, base } };
    const output = await watchedEngineJob(context, control, 'Proving it again', question);
    const result = resultSchema.parse(output);
    return result.passed
      ? { state: 'passed', reason: null }
      : { state: 'failed', reason: result.problems.join(' ') };
  } catch (error) {
    // The end of a process says nothing of the export; what it says itself does.
    if (!(error instanceof Fault) || error.code.startsWith('experiments/')) throw error;
    return { state: 'failed', reason: `${error.message} ${error.remedy}` };
  }
}

/** What no proof in the folder answers for: the proof itself, and scripts. */
async function changedFiles(store: ExportStore, id: string, folder: string): Promise<string[]> {
  const problems: string[] = [];
  for (const { path: file, sha256 } of store.hashes(id)) {
    if (path.dirname(file) !== folder) continue;
    const name = path.basename(file);
    if (!existsSync(file)) problems.push(`${name} is missing.`);
    else if ((await hashFile(file, 'sha256')) !== sha256)
      problems.push(`${name} was changed: its SHA-256 is another one.`);
  }
  return problems;
}
