import { z } from 'zod';
import type { Experiment, ExperimentSpec } from '../../../shared/contract/experiments.ts';
import { readVersion } from '../../storage/datasets.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import type { BackendContext } from '../context.ts';
import { textsOfConfig } from '../experiments/predictions.ts';
import type { RunInput } from './tasks/answers.ts';

/** An experiment as comparing sees it. */
export interface ComparedRun {
  experiment: Experiment;
  /** Told apart from the other runs' names. */
  name: string;
  config: Record<string, unknown>;
  spec: ExperimentSpec | null;
  /** Where relative paths of the config start. */
  baseDir: string;
  /** Null where it has no answers to compare; `reason` says why. */
  answers: RunInput | null;
  reason: string | null;
}

/** So many runs are read between two turns of the event loop. */
const AT_ONCE = 20;

/** Runs in the order of their ids; those that are no longer in the store are left out. */
export async function readRuns(context: BackendContext, ids: readonly string[]): Promise<ComparedRun[]> {
  const store = new ExperimentStore(context.db);
  const known = knownIds(context, ids);
  const runs: ComparedRun[] = [];
  for (const id of new Set(ids)) {
    if (known.has(id)) runs.push(readRun(context, store, id, known.get(id) === true));
    if (runs.length % AT_ONCE === AT_ONCE - 1) await new Promise(setImmediate);
  }
  const names = distinctNames(runs.map(({ experiment }) => experiment));
  return runs.map((run, i) => ({
    ...run,
    name: names[i]!,
    reason: run.reason && `${names[i]!} ${run.reason}`,
  }));
}

/** Which ids are in the store, and whether they were removed. */
function knownIds({ db }: BackendContext, ids: readonly string[]): Map<string, boolean> {
  const rows = db
    .prepare(
      'SELECT id, removed_at AS removedAt FROM experiments WHERE id IN (SELECT value FROM json_each(?))',
    )
    .all(JSON.stringify(ids));
  const schema = z.array(z.object({ id: z.string(), removedAt: z.number().nullable() }));
  return new Map(schema.parse(rows).map(({ id, removedAt }) => [id, removedAt !== null]));
}

function readRun(context: BackendContext, store: ExperimentStore, id: string, removed: boolean): ComparedRun {
  const experiment = store.line(id);
  const { config, spec, details } = store.record(id);
  const run = { experiment, name: experiment.name, config, spec, baseDir: details.baseDir };
  const { finishedAt } = experiment;
  const reason = removed ? 'was removed.' : reasonOf(context, experiment);
  if (reason !== null || finishedAt === null) return { ...run, answers: null, reason };
  return { ...run, answers: { id, finishedAt, dataKey: dataKeyOf(context, run) }, reason: null };
}

/** Why a run has no answers to compare, behind its name; null: it has. */
function reasonOf({ db }: BackendContext, { id, state }: Experiment): string | null {
  const waiting = 'it is compared when it has finished.';
  switch (state) {
    case 'queued':
      return `waits in the queue: ${waiting}`;
    case 'starting':
    case 'running':
      return `is still running: ${waiting}`;
    case 'paused':
      return `is paused: ${waiting}`;
    case 'interrupted':
      return 'was interrupted before it was evaluated.';
    case 'failed':
      return 'failed before it was evaluated.';
    default: {
      const find = db.prepare('SELECT EXISTS (SELECT 1 FROM predictions WHERE experiment_id = ?)').pluck();
      return find.get(id) === 1 ? null : 'keeps no predictions: it was not evaluated.';
    }
  }
}

/** Row numbers of one key mean the same rows. A version with corrected labels is another one. */
function dataKeyOf(
  { db }: BackendContext,
  { experiment, config, baseDir }: Pick<ComparedRun, 'experiment' | 'config' | 'baseDir'>,
): string {
  const version = experiment.versionId === null ? undefined : readVersion(db, experiment.versionId);
  if (version) return `version ${version.sha256}`;
  const texts = textsOfConfig(config, baseDir);
  return texts ? `file ${texts.file}` : `run ${experiment.id}`;
}

/** "LoRA r=16 (seed 43)" where two have one name, "LoRA r=16 (seed 43, 2)" where that is not enough. */
function distinctNames(experiments: readonly Experiment[]): string[] {
  const seen = new Map<string, number>();
  const of = (one: Experiment) => experiments.filter(({ name }) => name === one.name);
  return experiments.map((one) => {
    if (of(one).length === 1) return one.name;
    const key = `${one.name} (seed ${one.seed}`;
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    return nth === 1 ? `${key})` : `${key}, ${nth})`;
  });
}
