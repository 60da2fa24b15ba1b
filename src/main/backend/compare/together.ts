import { fault } from '../../../shared/faults/index.ts';
import type { BackendContext } from '../context.ts';
import { textsOfConfig } from '../experiments/predictions.ts';
import { knownVersion } from '../datasets/library.ts';
import { requirePresent, versionFile } from '../datasets/presence.ts';
import { readRuns, type ComparedRun } from './runs.ts';
import type { RunInput } from './tasks/answers.ts';
import type { TextSource } from './tasks/texts.ts';
import { differentRows } from './words.ts';

export interface AnsweredRun extends ComparedRun {
  answers: RunInput;
}

/**
 * Runs whose rows can be laid side by side: of the same data and labels. Throws `store/unknown`,
 * `compare/no-predictions`, `compare/different-rows`.
 */
export async function readTogether(context: BackendContext, ids: readonly string[]): Promise<AnsweredRun[]> {
  const found = await readRuns(context, ids);
  const gone = ids.find((id) => !found.some(({ experiment }) => experiment.id === id));
  if (gone !== undefined) throw fault('store/unknown', { kind: 'experiment', id: gone });
  const runs = found.map((run): AnsweredRun => {
    const { answers, reason, name } = run;
    if (!answers) throw fault('compare/no-predictions', { reason: reason ?? `${name} was not evaluated.` });
    return { ...run, answers };
  });
  const groups = new Map(
    runs.map((run) => [JSON.stringify([run.answers.dataKey, labelsOf(context, run)]), run]),
  );
  if (groups.size > 1) {
    const parts = [...groups.values()].map((run) => ({
      data: run.experiment.dataName,
      rows: rowsOf(context, run),
      labels: labelsOf(context, run),
    }));
    throw fault('compare/different-rows', { reason: differentRows(parts) });
  }
  return runs;
}

/** By name. */
function labelsOf({ db }: BackendContext, { answers: { id } }: AnsweredRun): string[] {
  const find = db.prepare<[string], string>(
    `SELECT l.value FROM experiments e, json_each(e.evaluation, '$.labels') l WHERE e.id = ? ORDER BY l.value`,
  );
  return find.pluck().all(id);
}

function rowsOf({ db }: BackendContext, { answers: { id } }: AnsweredRun): number {
  const find = db.prepare<[string], number>(`SELECT evaluation ->> '$.rows' FROM experiments WHERE id = ?`);
  return find.pluck().get(id) ?? 0;
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
