import { existsSync } from 'node:fs';
import path from 'node:path';
import type { AnswererChoice } from '../../../shared/contract/playground.ts';
import type { ExportTarget } from '../../../shared/contract/exports.ts';
import { targets as targetNames, targetKeys } from '../../engine/export/targets.ts';
import type { Experiment } from '../../../shared/contract/experiments.ts';
import { taskOf, valueText } from '../../../shared/tasks/index.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { AdapterStore, type ListedAdapter } from '../../storage/adapters.ts';
import { ExportStore } from '../../storage/exports.ts';
import { isPresent } from '../adapters/base.ts';
import type { BackendContext } from '../context.ts';
import { modelLibrary } from '../models/library.ts';
import { runDataSchema } from './answerers.ts';

/** Everything that can answer now: experiments, adapters that came otherwise, exports that are proved, and models. */
export async function answererChoices(context: BackendContext): Promise<AnswererChoice[]> {
  const adapters = new AdapterStore(context.db).list();
  const present = await Promise.all(adapters.map(isPresent));
  const choiceOf = (adapter: ListedAdapter): AnswererChoice => {
    const run = adapter.experimentId === null ? undefined : runOf(context, adapter.experimentId);
    const { textPair, versionId, evalSplit } = run ?? unknownData;
    return {
      answerer: run ? { kind: 'experiment', id: run.id } : { kind: 'adapter', id: adapter.id },
      name: run?.name ?? adapter.name,
      detail: detailOf(adapter, run),
      labels: adapter.facts.labels,
      ...{ textPair, versionId, evalSplit, adapterId: adapter.id },
    };
  };
  const trained = adapters.filter((_, i) => present[i]).map(choiceOf);
  return [...trained, ...exportChoices(context, adapters, choiceOf), ...(await modelChoices(context))];
}

/** Of what no run of this workspace trained. */
const unknownData = { textPair: null, versionId: null, evalSplit: null };

/** An experiment that left an adapter and is not removed. */
type Run = Pick<Experiment, 'id' | 'name' | 'dataName' | 'versionId' | 'task' | 'metrics'> &
  Pick<AnswererChoice, 'textPair' | 'evalSplit'>;

function runOf({ db }: BackendContext, id: string): Run | undefined {
  const store = new ExperimentStore(db);
  if (!store.isKept(id)) return undefined;
  const { config, spec } = store.record(id);
  const data = runDataSchema.safeParse(config).data?.data;
  const textPair = data ? data.text_pair_column !== null : null;
  return { ...store.line(id), evalSplit: spec?.data.evalSplit ?? null, textPair };
}

const origins = { experiment: 'adapter', imported: 'imported adapter', merged: 'merged adapter' };

function detailOf(adapter: ListedAdapter, run: Run | undefined): string {
  const metric = run && taskOf(run.task).metrics[0]!;
  const value = metric && run.metrics?.[metric.key];
  return [
    run ? 'experiment' : origins[adapter.origin],
    adapter.modelName,
    ...(run ? [run.dataName] : []),
    ...(value === undefined ? [] : [valueText(metric!, value)]),
  ].join(' · ');
}

/** Only what has a proof. */
function exportChoices(
  { db }: BackendContext,
  adapters: readonly ListedAdapter[],
  choiceOf: (adapter: ListedAdapter) => AnswererChoice,
): AnswererChoice[] {
  return new ExportStore(db).list().flatMap(({ id, name, folder, source, targets, modelName }) => {
    const adapter = adapters.find(
      (one) => source.id === (source.kind === 'adapter' ? one.id : one.experimentId),
    );
    const made = adapter && choiceOf(adapter);
    return targets
      .filter((one) => one.state === 'passed' && existsSync(path.resolve(folder, one.folder)))
      .flatMap(({ target }): AnswererChoice[] =>
        answers(target)
          ? [
              {
                ...(made ?? { ...unknownData, labels: [] }),
                answerer: { kind: 'export', id, target },
                name: `${name} · ${targetNames[target].name}`,
                detail: `export · ${modelName}`,
                adapterId: null,
              },
            ]
          : [],
      );
  });
}

/** The others are vectors or a script. */
const answers = (target: ExportTarget): target is (typeof targetKeys)[number] & ExportTarget =>
  targetKeys.some((key) => key === target) && target !== 'embedding' && target !== 'script';

async function modelChoices(context: BackendContext): Promise<AnswererChoice[]> {
  const models = await modelLibrary(context).list();
  return models
    .filter(({ headLabels, supported, present }) => headLabels !== null && supported && present)
    .map(({ id, name, architecture, headLabels }) => ({
      answerer: { kind: 'model', id },
      name,
      detail: `base model · ${architecture}`,
      labels: headLabels!,
      ...unknownData,
      adapterId: null,
    }));
}
