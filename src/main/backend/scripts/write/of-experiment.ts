import { existsSync } from 'node:fs';
import { parseTrainConfig } from '../../../../shared/settings/train-config.ts';
import { readVersion } from '../../../storage/datasets.ts';
import { ExperimentStore, type ExperimentRecord } from '../../../storage/experiments.ts';
import { ModelStore } from '../../../storage/models.ts';
import type { BackendContext } from '../../context.ts';
import { versionRecord, versionTitle, type VersionRecord } from '../../datasets/library.ts';
import { versionRows, type HubRows } from './contents.ts';
import type { ScriptTask } from './write-script.ts';

/**
 * What the script of an experiment is written from. Throws `store/unknown`, and `datasets/…` where its data set version
 * is gone.
 */
export function scriptTask(context: BackendContext, experimentId: string, folder: string | null): ScriptTask {
  const store = new ExperimentStore(context.db);
  const record = store.record(experimentId);
  const { config } = parseTrainConfig(record.config, record.name);
  const { title, ...data } = rowsOfRun(context, record, config.data.text_pair_column !== null);
  return {
    source: {
      title: title === null ? record.name : `${record.name}: ${title}`,
      config,
      baseDir: record.details.baseDir,
      model: modelOf(context, record.modelId, config.model),
      scriptDir: null,
      measured: store.line(experimentId).metrics,
      ...data.source,
    },
    version: data.version,
    folder,
  };
}

function modelOf(context: BackendContext, id: string | null, folder: string): ScriptTask['source']['model'] {
  const model = id === null ? null : new ModelStore(context.db).read(id);
  const found = model?.folder ?? folder;
  return {
    name: model?.hubId ?? found,
    revision: model?.hubId == null ? null : pinned(model.revision),
    folder: existsSync(found) ? found : null,
  };
}

/** A branch is no more than what everyone gets. */
const pinned = (revision: string | null): string | null => (revision === 'main' ? null : revision);

interface RunRows {
  title: string | null;
  source: Pick<ScriptTask['source'], 'rows' | 'data'>;
  version: ScriptTask['version'];
}

function rowsOfRun(context: BackendContext, { spec }: ExperimentRecord, pairs: boolean): RunRows {
  // A run of the command line has files of its own.
  if (spec === null) return { title: null, source: { rows: null, data: {} }, version: null };
  const version = versionRecord(context, spec.versionId);
  const { trainSplit, evalSplit, trainSelect, evalSelect, split } = spec.data;
  const select = { train_select: trainSelect, eval_select: evalSplit === null ? null : evalSelect };
  const title = versionTitle(version);
  if (split !== null) {
    // datasets would set other rows aside: the parts themselves are written.
    const data = { train_select: null, eval: 'eval.jsonl', eval_select: null, split: null };
    return {
      title,
      source: { rows: versionRows(pairs, true), data },
      version: { file: version.file, dataName: title, trainSplit, evalSplit },
    };
  }
  const hub = hubRows(context, version, trainSplit, evalSplit);
  if (hub) {
    const [textColumn = 'text', ...others] = version.columns;
    const [first = 'label', second = 'label'] = others;
    const columns = {
      textColumn,
      textPairColumn: pairs ? first : null,
      labelColumn: pairs ? second : first,
    };
    return { title, source: { rows: { kind: 'hub', ...hub, ...columns }, data: select }, version: null };
  }
  return {
    title,
    source: { rows: versionRows(pairs, evalSplit !== null), data: select },
    version: { file: version.file, dataName: title, trainSplit, evalSplit },
  };
}

/** A version whose rows are the hub's own, all of them: the script loads them from there. */
function hubRows(
  context: BackendContext,
  { id, splits }: VersionRecord,
  trainSplit: string | null,
  evalSplit: string | null,
): HubRows | null {
  const hub = readVersion(context.db, id)?.hub;
  const split = trainSplit ?? (splits.length === 1 ? splits[0]! : null);
  return hub && split !== null ? { ...hub, trainSplit: split, evalSplit } : null;
}
