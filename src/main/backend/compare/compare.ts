import { randomUUID } from 'node:crypto';
import type { EventOf, Handlers } from '../../../shared/contract.ts';
import type { compareMethods } from '../../../shared/contract/compare.ts';
import type { ExperimentSpec } from '../../../shared/contract/experiments.ts';
import { fault } from '../../../shared/faults/index.ts';
import { answeredTask } from '../../storage/answers.ts';
import { addComparison, listComparisons, removeComparison } from '../../storage/comparisons.ts';
import type { App } from '../app.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import type { BackendContext } from '../context.ts';
import { versionRecord, versionTitle, type VersionRecord } from '../datasets/library.ts';
import { compareRuns } from './comparison.ts';
import { crossPredictionHandlers } from './cross-prediction.ts';
import { Figures } from './figures.ts';
import { readRuns } from './runs.ts';
import { pairRuns, readAnswered, readComparable, textsOf } from './answered-runs.ts';
import { CompareWork } from './work.ts';

/** Deciding between experiments: from their stored predictions. `experiments` makes the new ones; `app` tells of ends. */
export function compareHandlers(
  context: BackendContext,
  experiments: Pick<Handlers, 'experiments/create'>,
  app: Pick<App, 'onEvent'>,
): Handlers<keyof typeof compareMethods> {
  const { db } = context;
  const { database } = context.workspace;
  const work = new CompareWork();
  const figures = new Figures(context, work);
  const off = app.onEvent(({ event, data }) => {
    if (event !== 'experiments/changed') return;
    const { id, state } = data as EventOf<'experiments/changed'>;
    if (state === 'finished' || state === 'stopped') void figures.countEnded(id);
  });
  context.onClose(() => {
    off();
    return figures.close();
  });

  return {
    ...crossPredictionHandlers(context),
    'compare/read': ({ ids, baselineId }) => compareRuns(context, { work, figures }, ids, baselineId),
    'compare/pair': async ({ baselineId, otherId }) => {
      const [baseline, other] = await readAnswered(context, [baselineId, otherId]);
      if (!baseline || !other) throw fault('compare/same-run', {});
      return pairRuns(context, { work, figures }, baseline, other);
    },
    'compare/disagreements': async (query) => {
      const runs = await readComparable(context, query.ids);
      const texts = textsOf(context, runs[0]!);
      const page = await work.ask('disagreements', {
        database,
        runs: runs.map(({ answers }) => answers),
        texts,
        query,
      });
      return { ...page, versionId: runs[0]!.experiment.versionId };
    },
    'compare/calibration': async ({ id }) => {
      const [run] = await readRuns(context, [id]);
      if (!run) throw fault('store/unknown', { kind: 'experiment', id });
      return { calibration: run.answers ? await work.ask('calibration', { database, id }) : null };
    },
    'compare/slices': async ({ ids, by }) => {
      const runs = await readComparable(context, ids);
      const texts = textsOf(context, runs[0]!);
      if (texts.kind === 'file') return { slices: null, columns: [] };
      return work.ask('slices', {
        database,
        runs: runs.map(({ answers }) => answers),
        file: texts.file,
        by,
      });
    },
    'compare/retrain': ({ id, versionId }) =>
      experiments['experiments/create']({ spec: specOnVersion(context, id, versionId) }),
    'compare/list-saved': () => ({ saved: listComparisons(db) }),
    'compare/save': ({ name, ids, baselineId }) => {
      const saved = { id: randomUUID(), name, experimentIds: ids, baselineId, createdAt: Date.now() };
      addComparison(db, saved);
      return { saved };
    },
    'compare/forget': ({ id }) => removeComparison(db, id),
  };
}

const LONGEST_NAME = 200;

/**
 * The spec of a run, for another version of the data. Throws `store/unknown`, `experiments/no-spec`, `datasets/…`,
 * `compare/retrain-labels`.
 */
function specOnVersion(context: BackendContext, id: string, versionId: string): ExperimentSpec {
  const { spec, name } = new ExperimentStore(context.db).record(id);
  if (!spec) throw fault('experiments/no-spec', { name });
  const version = versionRecord(context, versionId);
  const labels = labelsLearnt(context, id, spec);
  if (labels.toSorted().join('\n') !== version.labels.toSorted().join('\n')) {
    throw fault('compare/retrain-labels', {
      name,
      labels: labels.toSorted(),
      data: versionTitle(version),
      found: version.labels.toSorted(),
    });
  }
  return { ...spec, versionId, name: spec.name.trim() === '' ? '' : renamed(spec.name, version) };
}

/** Those it was evaluated with; of a run that was not, those of its data. */
function labelsLearnt(context: BackendContext, id: string, spec: ExperimentSpec): readonly string[] {
  const { names } = answeredTask(context.db, id);
  return names.length > 0 ? names : versionRecord(context, spec.versionId).labels;
}

/** "LoRA r=16" becomes "LoRA r=16 on Messages v2"; trained again on v3, "LoRA r=16 on Messages v3". */
function renamed(name: string, version: VersionRecord): string {
  const on = ` on ${version.name}`;
  const at = name.lastIndexOf(on);
  const before = at !== -1 && /^( v\d+)?$/.test(name.slice(at + on.length)) ? name.slice(0, at) : name;
  const behind = ` on ${versionTitle(version)}`;
  return `${before.slice(0, LONGEST_NAME - behind.length)}${behind}`;
}
