import { existsSync } from 'node:fs';
import path from 'node:path';
import { answering } from '../../../shared/contract.ts';
import {
  evaluationSchema,
  specSchema,
  type Experiment,
  type ExperimentSpec,
} from '../../../shared/contract/experiments.ts';
import { fault } from '../../../shared/faults/index.ts';
import { given } from '../../../shared/fields.ts';
import { Threads } from '../../engine/threads/threads.ts';
import { fillShown } from '../../storage/answers.ts';
import { PointStore } from '../../storage/experiment-points.ts';
import { ResultStore } from '../../storage/experiment-results.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { readDraft, saveDraft } from '../../storage/settings.ts';
import type { BackendContext } from '../context.ts';
import { keptBaselines } from './baselines.ts';
import { changedSettings } from './changed-settings.ts';
import { evaluationHandlers } from './adapter-evaluations.ts';
import { makeExperiment } from './create.ts';
import { watchOtherRuns } from './other-runs.ts';
import { textsOfRun } from './run-texts.ts';
import { queueHandlers } from './queue.ts';
import { filesIn } from './run-folder.ts';
import { Supervisor } from './supervisor.ts';
import { openTeller } from './teller.ts';
import { experimentTasks } from './tasks.ts';

/** Works out what a run is compared with when nothing else wants the device; `found` is called when it is kept. */
interface BaselineSeeker {
  seekBaselines(id: string, spec: ExperimentSpec, found: () => void): void;
  close(): Promise<void>;
}
/** Runs on the same rows whose baselines are made with those of the one that is looked at. */
const NEIGHBOURS = 20;

/** Experiments: the queue, the engine's supervision, and all that is kept of them. */
export function experimentHandlers(context: BackendContext, timings: BaselineSeeker) {
  const { db, emit, workspace } = context;
  const store = new ExperimentStore(db);
  store.relocate(workspace.experiments);
  const points = new PointStore(db);
  const results = new ResultStore(db);
  const teller = openTeller(emit, store);
  const threads = new Threads(experimentTasks);
  const others = watchOtherRuns(context, store, points, teller, () => supervisor.wake());
  const supervisor = new Supervisor(context, store, teller, () => others.busy());
  // Windows cannot be open yet: they hear of it when they ask.
  const settled = others
    .settle(true)
    .then(() => supervisor.wake())
    // A store that cannot be written says so at the first request.
    .catch(() => undefined);
  context.onClose(async () => {
    await settled;
    await timings.close();
    await supervisor.close();
    teller.flush();
    await threads.close();
  });

  const create = async (spec: Parameters<typeof makeExperiment>[1]) => {
    const made = await makeExperiment(context, spec);
    store.insert(made);
    teller.changed(made.id);
    supervisor.wake();
    return { experiment: store.line(made.id) };
  };

  /** Of a run that somebody looks at, and of those that it is compared with: finished ones on the same rows. */
  const seekBaselines = ({ id, versionId }: Experiment): void => {
    const others = store
      .list(false)
      .filter((other) => other.versionId === versionId && other.state === 'finished' && other.id !== id);
    for (const run of [id, ...others.slice(0, NEIGHBOURS).map((other) => other.id)]) {
      const { spec } = store.record(run);
      if (spec && !keptBaselines(context, spec)) timings.seekBaselines(run, spec, () => teller.changed(run));
    }
  };

  return answering({
    ...evaluationHandlers(context),
    ...queueHandlers({ store, results, teller, supervisor, emit }),
    'experiments/list': async ({ archived }) => {
      await settled;
      return { experiments: store.list(archived) };
    },
    'experiments/create': ({ spec }) => create(spec),
    'experiments/retry': ({ id }) => {
      const { spec, name } = store.record(id);
      if (!spec) throw fault('experiments/no-spec', { name });
      return create(spec);
    },
    'experiments/read': async ({ id }) => {
      await settled;
      const { notes, spec, config, folder, details } = store.record(id);
      const { moved, newlyInitialized } = details;
      const experiment = store.line(id);
      const baselines = spec && keptBaselines(context, spec);
      if (spec && experiment.state === 'finished') seekBaselines(experiment);
      return {
        ...{ experiment, notes, spec, config, folder, baselines, moved, newlyInitialized },
        changed: changedSettings(config),
        adapterId: results.adapterOf(id),
      };
    },
    'experiments/update': ({ id, tags, ...changes }) => {
      store.record(id);
      db.transaction(() => {
        store.update(id, given(changes));
        if (tags) store.setTags(id, tags);
      })();
      teller.changed(id);
      return { experiment: store.line(id) };
    },
    'experiments/curve': async ({ id, afterStep }) => {
      store.record(id);
      return { curve: await points.curve(id, afterStep), evaluations: points.evaluations(id, afterStep) };
    },
    'experiments/evaluation': ({ id }) => {
      const kept = store.evaluation(id);
      return { evaluation: kept === null ? null : evaluationSchema.parse(kept) };
    },
    'experiments/predictions': async (query) => {
      const texts = textsOfRun(context, store.record(query.id));
      await fillShown(db, query.id);
      return threads.ask('predictions', { database: workspace.database, query, texts });
    },
    'experiments/log': ({ id, offset, limit }) => points.log(id, offset, limit),
    'experiments/files': async ({ id }) => {
      const { folder, state } = store.record(id);
      const found = await filesIn(folder);
      const there = new Set(found.map((file) => file.path));
      // Checkpoints of what has ended are no longer needed and may be cleaned away.
      const gone = results
        .files([id, results.adapterOf(id) ?? ''])
        .filter(({ path: file }) => !there.has(file) && !existsSync(file))
        .filter(
          ({ path: file }) => state !== 'finished' || !file.includes(`${path.sep}checkpoints${path.sep}`),
        );
      const files = [
        ...found.map((file) => ({ path: file.path, bytes: file.bytes, present: true })),
        ...gone.map((file) => ({ ...file, present: false })),
      ];
      return { files: files.sort((a, b) => (a.path < b.path ? -1 : 1)) };
    },
    'experiments/save-draft': ({ spec, window }) => saveDraft(db, window, spec),
    'experiments/read-draft': ({ window }) => {
      const draft = specSchema.partial().safeParse(readDraft(db, window));
      return { spec: draft.data ?? null };
    },
  });
}
