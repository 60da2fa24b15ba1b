import type { ExperimentSpec, Preflight, PreflightFinding } from '../../../shared/contract/experiments.ts';
import { Fault } from '../../../shared/faults/index.ts';
import { settingsOf } from '../../../shared/settings/train-config.ts';
import { longestText, openBaseModel } from '../../engine/models/base-model.ts';
import { headLabels } from '../../engine/models/checkpoint-head.ts';
import { planAdapter, requireSavedModules } from '../../engine/peft/adapter.ts';
import { initialValues } from '../../engine/peft/initial-values.ts';
import { planSteps } from '../../engine/training/schedule.ts';
import { buildLabelMap } from '../../engine/data/labels.ts';
import { settleLabels } from '../../engine/tasks/single-label.ts';
import type { BackendContext } from '../context.ts';
import { versionRecord } from '../datasets/library.ts';
import { configOfSpec } from '../experiments/create.ts';
import { knownSpeeds } from '../system/doctor.ts';
import { freeBytes } from '../system/storage-sizes.ts';
import { adapterBytes, runBytes } from './disk.ts';
import { dataFindings, lengthFindings } from './findings/data.ts';
import { faultFinding, type Repair } from './findings/finding.ts';
import {
  adapterFault,
  fusedFinding,
  inferenceModeFinding,
  labelFinding,
  layerFindings,
} from './findings/model.ts';
import { diskFinding, trainingFindings } from './findings/training.ts';
import { requireModel } from '../models/presence.ts';
import type { RowQuestion } from './rows/row-summary.ts';
import type { RowReader } from './rows/row-reader.ts';

/** Findings are told in this order. */
const weights = ['error', 'warning', 'info', 'good'] as const;

const anew: Repair = { label: 'Start anew', patch: { initAdapterId: null } };

/** Labels that a model is looked at with before its data is known. */
const standInLabels = ['0', '1'];

/** The part of a pre-flight that does not run the model. Whatever keeps the experiment from starting is a finding. */
export async function quickPreflight(
  context: BackendContext,
  reader: RowReader,
  spec: ExperimentSpec,
): Promise<Preflight> {
  const found: (PreflightFinding | null)[] = [inferenceModeFinding(spec)];
  /** What a fault says becomes a finding; anything else is a defect and goes on. */
  const caught = async <T>(
    work: () => T | Promise<T>,
    findingOf: (fault: Fault) => PreflightFinding,
  ): Promise<T | undefined> => {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      found.push(findingOf(error));
      return undefined;
    }
  };
  const at = (label: string, link: string) => (fault: Fault) => faultFinding(fault, { label, link });

  const model = await caught(
    () => requireModel(context, spec.modelId),
    at('Choose from the models', '/models'),
  );
  const version = await caught(
    () => versionRecord(context, spec.versionId),
    at('Choose from the data', '/data'),
  );
  const config = await caught(
    () => configOfSpec(context, spec, model?.folder ?? 'model', false).config,
    (fault) => faultFinding(fault, fault.code === 'store/unknown' ? anew : settingsRepair(fault, spec)),
  );
  const question = version && questionOf(spec, version.file);
  const summary =
    question &&
    (await caught(
      () => reader.summary(question),
      (fault) => faultFinding(fault, selectRepair(fault)),
    ));
  if (summary) found.push(...dataFindings(summary, spec, version.datasetId));
  // The model is opened as the run would open it, for its labels and its adapter.
  const base =
    model &&
    (await caught(
      async () => {
        const head = await headLabels(model.folder);
        const labelNames = settleLabels(buildLabelMap(summary?.labels ?? standInLabels), head).names;
        const overrides = spec.modelOverrides;
        const opened = await openBaseModel(model.folder, { head: 'sequence', labelNames, overrides });
        if (summary && summary.labels.length > 1) found.push(labelFinding(summary.labels, head, model.id));
        found.push(...layerFindings(opened));
        return opened;
      },
      at('Look at the model', `/models/${model.id}`),
    ));
  try {
    const plan =
      base &&
      (await caught(
        () => {
          const made = planAdapter(base, spec.adapter, 'settings');
          requireSavedModules(base, spec.adapter);
          return made;
        },
        (fault) => adapterFault(fault, base, spec.adapter),
      ));
    const initial = config?.init_adapter;
    if (base && plan && initial)
      await caught(
        () => initialValues(initial, base, plan),
        (fault) => faultFinding(fault, anew),
      );
    if (base && plan) found.push(fusedFinding(base, plan.method.targets.keys()));
    const rows = summary?.train.rows ?? 0;
    const steps = config && planSteps(rows, config.training);
    if (config && steps && rows > 0)
      found.push(...trainingFindings(spec, config, rows, steps, knownSpeeds(context.db)));
    if (base && question && rows > 0) {
      const counted = await caught(() => reader.lengths(question, model.folder), faultFinding);
      if (counted) found.push(...lengthFindings(counted, spec, longestText(base, counted)));
    }
    const free = await freeBytes(context.workspace.dir);
    const needed = plan && config && steps ? runBytes(plan, config.training, steps) : null;
    if (needed !== null && free !== null) found.push(diskFinding(needed, free));
    const findings = weights
      .flatMap((weight) => found.filter((candidate) => candidate?.weight === weight))
      .filter((candidate) => candidate !== null);
    return {
      trainable: plan?.counts.trainable ?? null,
      allParameters: plan?.counts.all ?? null,
      trainRows: rows,
      evalRows: summary?.eval?.rows ?? 0,
      steps: rows > 0 ? (steps?.totalSteps ?? 0) : 0,
      adapterBytes: plan ? adapterBytes(plan) : null,
      diskBytes: needed,
      diskFreeBytes: free,
      findings,
      canStart: !findings.some(({ weight }) => weight === 'error'),
    };
  } finally {
    await base?.close();
  }
}

/** Settings that contradict each other, or cannot be used and go back to their default. */
function settingsRepair(fault: Fault, { data }: ExperimentSpec): Repair | undefined {
  const paths = settingsOf(fault).map((path) => path.split('.'));
  if (fault.code === 'settings/conflict' && paths.some(([group]) => group === 'data')) {
    return data.evalSplit === null
      ? { label: 'Set 20 % aside', patch: { data: { split: { test_size: 0.2, seed: 42 } } } }
      : { label: 'Evaluate the split alone', patch: { data: { split: null } } };
  }
  const [group, name] = paths.find(([first]) => first === 'training' || first === 'adapter') ?? [];
  if (group === undefined || name === undefined || fault.code === 'settings/required') return undefined;
  return { label: `Take ${name} out`, patch: { [group]: { [name]: null } } };
}

function selectRepair({ code }: Fault): Repair | undefined {
  if (code !== 'data/select-count') return undefined;
  return { label: 'Take all rows', patch: { data: { trainSelect: null, evalSelect: null } } };
}

/** Which rows of a version file a spec takes. */
function questionOf({ data }: ExperimentSpec, file: string): RowQuestion {
  return {
    file,
    train: { split: data.trainSplit, select: data.trainSelect },
    eval: data.evalSplit === null ? null : { split: data.evalSplit, select: data.evalSelect },
    setAside: data.evalSplit === null ? data.split : null,
  };
}
