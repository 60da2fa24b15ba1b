import { existsSync } from 'node:fs';
import type { ExportSource } from '../../../shared/contract/exports.ts';
import { fault } from '../../../shared/faults/index.ts';
import { runTask, taskModule } from '../../engine/threads/threads.ts';
import { countAnswers, fillShown } from '../../storage/answers.ts';
import { AdapterStore, type ListedAdapter } from '../../storage/adapters.ts';
import type { Db } from '../../storage/database.ts';
import { ExperimentStore, type ExperimentRecord } from '../../storage/experiments.ts';
import type { BackendContext } from '../context.ts';
import { textsOfRun } from '../experiments/run-texts.ts';
import { MOST_ROWS, type ProofRowsTask, type tasks } from './proof-rows.ts';

const proofRows = taskModule<typeof tasks>(import.meta.url, './proof-rows');

/** A trained model to export, and the run that it came from. */
export interface TrainedSource {
  name: string;
  adapter: ListedAdapter;
  /** Null: an adapter that no run of this workspace trained. */
  run: ExperimentRecord | null;
  dataName: string | null;
}

/** Throws `store/unknown`, and `exports/no-adapter` where a run left none. */
export function trainedSource(db: Db, source: ExportSource): TrainedSource {
  const adapters = new AdapterStore(db);
  const experiments = new ExperimentStore(db);
  if (source.kind === 'experiment') {
    const { name, state } = experiments.record(source.id);
    const adapter = adapters.ofExperiment(source.id);
    if (!adapter) throw fault('exports/no-adapter', { name, state });
    return sourceOf(experiments, adapter, name);
  }
  const adapter = adapters.read(source.id);
  return sourceOf(experiments, adapter, adapter.name);
}

function sourceOf(experiments: ExperimentStore, adapter: ListedAdapter, name: string): TrainedSource {
  const { experimentId } = adapter;
  if (experimentId === null) return { name, adapter, run: null, dataName: null };
  const { dataName } = experiments.line(experimentId);
  return { name, adapter, run: experiments.record(experimentId), dataName };
}

/** The run whose evaluation rows a proof answers: its own, or that of the first part of a merged adapter that has one. */
function provingRun(db: Db, { adapter, run }: TrainedSource): ExperimentRecord | null {
  if (run) return run;
  const adapters = new AdapterStore(db);
  const experiments = new ExperimentStore(db);
  for (const { id } of adapter.facts.parts) {
    const part = adapters.find(id);
    if (part?.experimentId != null) return experiments.record(part.experimentId);
  }
  return null;
}

/** How many labelled rows a proof would answer. */
export function countProofRows(context: BackendContext, source: TrainedSource): number {
  const run = provingRun(context.db, source);
  const texts = run && textsOfRun(context, run);
  if (!run || !texts || !existsSync(texts.file)) return 0;
  return Math.min(MOST_ROWS, countAnswers(context.db, run.id));
}

/** Writes them into `file`; resolves to whether there are any. Throws `files/…`, `store/…`. */
export async function saveProofRows(
  context: BackendContext,
  source: TrainedSource,
  file: string,
): Promise<boolean> {
  const { db, workspace } = context;
  const run = provingRun(db, source);
  if (!run || countAnswers(db, run.id) === 0) return false;
  await fillShown(db, run.id);
  const task: ProofRowsTask = {
    database: workspace.database,
    experimentId: run.id,
    texts: textsOfRun(context, run),
    file,
  };
  return (await runTask(proofRows, 'write', task)) > 0;
}
