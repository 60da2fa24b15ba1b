import type { Experiment, ExperimentSpec } from '../../../shared/contract/experiments.ts';
import { knownRuns, type KnownRun } from '../../storage/answers.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import type { BackendContext } from '../context.ts';
import { textsOfConfig } from '../experiments/run-texts.ts';
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
  /** Null where it has no answers to compare; `withoutAnswers` says why, behind its name. */
  answers: RunInput | null;
  withoutAnswers: string | null;
}

/** So many runs are read between two turns of the event loop. */
const AT_ONCE = 10;

/** Runs in the order of their ids; those that are no longer in the store are left out. */
export async function readRuns(context: BackendContext, ids: readonly string[]): Promise<ComparedRun[]> {
  const store = new ExperimentStore(context.db);
  const known = knownRuns(context.db, ids);
  const runs: ComparedRun[] = [];
  for (const id of new Set(ids)) {
    const one = known.get(id);
    if (one) runs.push(readRun(store, one));
    if (runs.length % AT_ONCE === 0) await new Promise(setImmediate);
  }
  const names = distinctNames(runs.map(({ experiment }) => experiment));
  return runs.map((run, i) => ({ ...run, name: names[i]! }));
}

function readRun(store: ExperimentStore, known: KnownRun): ComparedRun {
  const experiment = store.line(known.id);
  const { config, spec, details } = store.record(known.id);
  const run = { experiment, name: experiment.name, config, spec, baseDir: details.baseDir };
  const withoutAnswers = reasonOf(known, experiment);
  const { id, finishedAt } = experiment;
  if (withoutAnswers !== null || finishedAt === null) return { ...run, answers: null, withoutAnswers };
  return { ...run, answers: { id, finishedAt, dataKey: dataKeyOf(known, run) }, withoutAnswers };
}

/** Why a run has no answers to compare, behind its name; null: it has. */
function reasonOf({ removedAt, answered }: KnownRun, { state, finishedAt }: Experiment): string | null {
  if (removedAt !== null) return 'was removed.';
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
    default:
      return answered && finishedAt !== null ? null : 'keeps no predictions: it was not evaluated.';
  }
}

/** Row numbers of one key mean the same rows. A version with corrected labels is another one. */
function dataKeyOf(
  { id, sha256 }: KnownRun,
  { config, baseDir }: Pick<ComparedRun, 'config' | 'baseDir'>,
): string {
  if (sha256 !== null) return `version ${sha256}`;
  const texts = textsOfConfig(config, baseDir);
  return texts ? `file ${texts.file}` : `run ${id}`;
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
