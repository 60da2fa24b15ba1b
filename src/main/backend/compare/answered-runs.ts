import { fault, type Fault } from '../../../shared/faults/index.ts';
import { answeredTask } from '../../storage/answers.ts';
import type { BackendContext } from '../context.ts';
import { textsOfConfig, type TextSource } from '../experiments/run-texts.ts';
import { knownVersion } from '../datasets/library.ts';
import { requirePresent, versionFile } from '../datasets/presence.ts';
import { readRuns, type ComparedRun } from './runs.ts';
import type { Figures } from './figures.ts';
import type { RunInput } from './tasks/answers.ts';
import type { Pair } from './tasks/pair-task.ts';
import type { CompareWork } from './work.ts';
import { differentRows } from './reasons.ts';

export interface AnsweredRun extends ComparedRun {
  answers: RunInput;
}

/**
 * Runs whose rows can be laid side by side: of the same data and labels. Throws `store/unknown`,
 * `compare/no-predictions`, `compare/different-rows`.
 */
export async function readComparable(
  context: BackendContext,
  ids: readonly string[],
): Promise<AnsweredRun[]> {
  const runs = await readAnswered(context, ids);
  const groups = new Map(runs.map((run) => [`${run.answers.dataKey} ${questionOf(context, run)}`, run]));
  if (groups.size > 1) throw differentData(context, [...groups.values()]);
  return runs;
}

/** Throws `store/unknown`, `compare/no-predictions`. */
export async function readAnswered(context: BackendContext, ids: readonly string[]): Promise<AnsweredRun[]> {
  const found = await readRuns(context, ids);
  const gone = ids.find((id) => !found.some(({ experiment }) => experiment.id === id));
  if (gone !== undefined) throw fault('store/unknown', { kind: 'experiment', id: gone });
  return found.map((run): AnsweredRun => {
    const { answers, withoutAnswers, name } = run;
    if (answers) return { ...run, answers };
    throw fault('compare/no-predictions', { reason: `${name} ${withoutAnswers ?? 'was not evaluated.'}` });
  });
}

/**
 * How two runs can be paired: on equal row numbers (`files` null), or by the texts of two versions of one data set.
 * Null: not at all.
 */
function pairing(
  context: BackendContext,
  a: AnsweredRun,
  b: AnsweredRun,
): { files: [string, string] | null } | null {
  if (questionOf(context, a) !== questionOf(context, b)) return null;
  if (a.answers.dataKey === b.answers.dataKey) return { files: null };
  const { datasetId } = a.experiment;
  if (datasetId === null || datasetId !== b.experiment.datasetId) return null;
  const [inA, inB] = [textsOf(context, a), textsOf(context, b)];
  return { files: [inA.file, inB.file] };
}

function differentData(context: BackendContext, runs: readonly AnsweredRun[]): Fault {
  const parts = runs.map(({ experiment: { id, dataName: data } }) => {
    const { names, rows } = answeredTask(context.db, id);
    return { data, rows, labels: names.toSorted() };
  });
  return fault('compare/different-rows', { reason: differentRows(parts) });
}

/** Equal for runs of one task with the same names, in whatever order. */
function questionOf({ db }: BackendContext, { answers: { id } }: AnsweredRun): string {
  const { task, names } = answeredTask(db, id);
  return JSON.stringify([task.key, names.toSorted()]);
}

/** Where the texts of a run's rows are. Throws `datasets/missing`, `datasets/changed`, `compare/no-texts`. */
export function textsOf(context: BackendContext, run: ComparedRun): TextSource {
  const { versionId } = run.experiment;
  if (versionId !== null) {
    const version = knownVersion(context, versionId);
    requirePresent(context, version);
    return { kind: 'version', file: versionFile(context, version) };
  }
  const texts = textsOfConfig(run.config, run.baseDir);
  if (!texts) throw fault('compare/no-texts', { name: run.name });
  return texts;
}

/**
 * Two runs on the rows that they have in common. Throws `compare/different-rows`, `compare/no-common-rows`,
 * `datasets/…`.
 */
export async function pairRuns(
  context: BackendContext,
  { work, figures }: { work: CompareWork; figures: Figures },
  baseline: AnsweredRun,
  other: AnsweredRun,
): Promise<Pair> {
  const how = pairing(context, baseline, other);
  if (!how) throw differentData(context, [baseline, other]);
  await figures.count([baseline.answers, other.answers]);
  const side = ({ answers, experiment }: AnsweredRun, file: string | null) => ({
    id: answers.id,
    data: experiment.dataName,
    file,
  });
  const pair = await work.ask('pair', {
    database: context.workspace.database,
    baseline: side(baseline, how.files?.[0] ?? null),
    other: side(other, how.files?.[1] ?? null),
  });
  if (pair) return pair;
  const data = baseline.experiment.dataName;
  throw fault('compare/no-common-rows', { a: baseline.name, b: other.name, data });
}
