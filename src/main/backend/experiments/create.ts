import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { ExperimentSpec } from '../../../shared/contract/experiments.ts';
import { fault } from '../../../shared/faults/index.ts';
import { parseTrainConfig, type TrainConfig } from '../../../shared/settings/train-config.ts';
import { writeFileAtomic, writeFolderAtomic } from '../../engine/formats/atomic.ts';
import { openBaseModel } from '../../engine/models/base-model.ts';
import { planAdapter, requireSavedModules } from '../../engine/peft/adapter.ts';
import { AdapterStore } from '../../storage/adapters.ts';
import { ExperimentStore, type NewExperiment } from '../../storage/experiments.ts';
import { automaticName } from './automatic-name.ts';
import type { BackendContext } from '../context.ts';
import { versionRecord, versionTitle } from '../datasets/library.ts';
import { requireModel } from '../models/presence.ts';
import { writeRows } from './tasks.ts';

/** What messages call the settings of a spec. */
const SOURCE = 'This experiment';

/**
 * The training config of a spec, every setting present, for a run in a folder of its own. `pairs`: whether its rows
 * have second texts. Throws `settings/…`, `store/unknown`.
 */
export function configOfSpec(
  { db }: Pick<BackendContext, 'db'>,
  spec: ExperimentSpec,
  modelFolder: string,
  pairs: boolean,
): { config: TrainConfig; notes: string[] } {
  const { data, initAdapterId: initial } = spec;
  const given = {
    model: modelFolder,
    model_overrides: spec.modelOverrides,
    data: {
      train: 'train.jsonl',
      eval: data.evalSplit === null ? null : 'eval.jsonl',
      // Rows to evaluate on are there already.
      split: data.evalSplit === null ? data.split : null,
      max_length: data.maxLength,
      padding: data.padding,
      ...(pairs ? { text_pair_column: 'text_pair' } : {}),
    },
    adapter: spec.adapter,
    init_adapter: initial === undefined ? null : new AdapterStore(db).read(initial).folder,
    training: spec.training,
    output_dir: '.',
  };
  return parseTrainConfig(given, SOURCE);
}

/**
 * Makes the folder of a new experiment, whole or not at all: run.json, train.jsonl and eval.jsonl are all that
 * `graft train --config` needs. Throws `settings/…`, `peft/…`,
 * `models/…`, `store/…`, `datasets/…`, `experiments/…`, `data/…`, `files/…`.
 */
export async function makeExperiment(context: BackendContext, spec: ExperimentSpec): Promise<NewExperiment> {
  const model = requireModel(context, spec.modelId);
  const version = versionRecord(context, spec.versionId);
  // Before the rows are written: most mistakes are in the settings.
  await checkAdapter(configOfSpec(context, spec, model.folder, false).config, version.labels);
  const id = randomUUID();
  const folder = path.join(context.workspace.experiments, id);
  const { data } = spec;
  const dataName = versionTitle(version);
  let config: TrainConfig | undefined;
  await writeFolderAtomic(folder, async (temporary) => {
    const written = await writeRows({
      file: version.file,
      dataName,
      folder: temporary,
      train: { split: data.trainSplit, select: data.trainSelect },
      eval: data.evalSplit === null ? null : { split: data.evalSplit, select: data.evalSelect },
    });
    config = configOfSpec(context, spec, model.folder, written.pairs).config;
    await writeFileAtomic(path.join(temporary, 'run.json'), `${JSON.stringify(config, null, 2)}\n`);
  });
  const { adapter, training } = config!;
  return {
    id,
    name:
      spec.name.trim() ||
      automaticName(dataName, config!, new ExperimentStore(context.db).neighbours(dataName)),
    state: 'queued',
    modelId: spec.modelId,
    modelName: model.name,
    versionId: spec.versionId,
    dataName,
    method: adapter.peft_type,
    seed: training.seed,
    precision: training.precision,
    spec,
    config: { ...config! },
    folder,
    details: { runner: 'app', baseDir: folder },
    tags: spec.tags,
  };
}

/** What the engine would refuse when it starts is refused when the experiment is made. */
async function checkAdapter(
  { model, model_overrides, adapter }: TrainConfig,
  labels: string[],
): Promise<void> {
  if (adapter['inference_mode'] === true) throw fault('peft/inference-mode', { source: SOURCE });
  const base = await openBaseModel(model, {
    head: 'sequence',
    labelNames: labels,
    overrides: model_overrides,
  });
  try {
    planAdapter(base, adapter, SOURCE);
    requireSavedModules(base, adapter);
  } finally {
    await base.close();
  }
}
