import { fault } from '../../../shared/faults/index.ts';
import type { BackendContext } from '../context.ts';
import type { Figures } from './figures.ts';
import type { Pair } from './tasks/pair-task.ts';
import { differentData, pairing, type AnsweredRun } from './together.ts';
import type { CompareWork } from './work.ts';

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
