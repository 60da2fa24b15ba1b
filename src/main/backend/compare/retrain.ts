import type { ExperimentSpec } from '../../../shared/contract/experiments.ts';
import { fault } from '../../../shared/faults/index.ts';
import { answeredTask } from '../../storage/answers.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import type { BackendContext } from '../context.ts';
import { versionRecord, versionTitle, type VersionRecord } from '../datasets/library.ts';

const LONGEST_NAME = 200;

/**
 * The spec of a run, for another version of the data. Throws `store/unknown`, `experiments/no-spec`, `datasets/…`,
 * `compare/retrain-labels`.
 */
export function specOnVersion(context: BackendContext, id: string, versionId: string): ExperimentSpec {
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
