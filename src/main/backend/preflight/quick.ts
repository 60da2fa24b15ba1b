import type { ExperimentSpec, Preflight, PreflightFinding } from '../../../shared/contract/experiments.ts';
import { Fault } from '../../../shared/faults/index.ts';
import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import { openBaseModel, type BaseModel } from '../../engine/models/base-model.ts';
import { headLabels } from '../../engine/models/checkpoint-head.ts';
import { planAdapter, requireSavedModules, type AdapterPlan } from '../../engine/peft/adapter.ts';
import { planSteps, type Plan } from '../../engine/training/loop.ts';
import { buildLabelMap } from '../../engine/data/labels.ts';
import { settleLabels } from '../../engine/tasks/single-label.ts';
import type { StoredModel } from '../../storage/models.ts';
import type { BackendContext } from '../context.ts';
import { versionRecord } from '../datasets/library.ts';
import { configOfSpec } from '../experiments/create.ts';
import { knownSpeeds } from '../system/doctor.ts';
import { adapterBytes, freeBytes, runBytes } from './disk.ts';
import { dataFindings, lengthFindings } from './findings/data.ts';
import { byWeight, faultFinding } from './findings/finding.ts';
import {
  adapterFault,
  inferenceModeFinding,
  labelFinding,
  newLayersFinding,
  otherHeadFinding,
} from './findings/model.ts';
import { diskFinding, trainingFindings } from './findings/training.ts';
import { requireModel } from '../models/presence.ts';
import { questionOf } from './rows/question.ts';
import type { RowFacts, RowQuestion } from './rows/row-facts.ts';
import type { RowReader } from './rows/row-reader.ts';

/** Labels that a model is looked at with before its data is known. */
const standInLabels = ['0', '1'];

/** The part of a pre-flight that does not run the model. Whatever keeps the experiment from starting is a finding. */
export async function quickPreflight(
  context: BackendContext,
  reader: RowReader,
  spec: ExperimentSpec,
): Promise<Preflight> {
  const findings: (PreflightFinding | null)[] = [inferenceModeFinding(spec)];
  const choose = (what: string): Repair => ({ label: `Choose from the ${what}`, link: `/${what}` });
  const model = await caught(
    findings,
    () => requireModel(context, spec.modelId),
    () => choose('models'),
  );
  const version = await caught(
    findings,
    () => versionRecord(context, spec.versionId),
    () => choose('data'),
  );
  const config = await caught(
    findings,
    () => configOfSpec(spec, model?.folder ?? 'model', false).config,
    (fault) => settingsRepair(fault, spec),
  );
  const question = version && questionOf(spec, version.file);
  const facts = question && (await caught(findings, () => reader.facts(question), selectRepair));
  if (facts) findings.push(...dataFindings(facts, spec, version.datasetId));
  const touched = model && (await lookAtModel(findings, model, spec, facts));
  try {
    const rows = facts?.train.rows ?? 0;
    const steps = config && planSteps(rows, config.training);
    if (config && steps && facts && rows > 0)
      findings.push(...trainingFindings(spec, config, rows, steps, knownSpeeds(context.db)));
    if (touched && question && facts && facts.train.rows > 0) {
      findings.push(...(await lengths(reader, question, spec, touched.base, model)));
    }
    const disk = await diskOf(context, touched?.plan, config, steps);
    if (disk) findings.push(disk.finding);
    const all = byWeight(findings.filter((one) => one !== null));
    return {
      trainable: touched?.plan?.counts.trainable ?? null,
      allParameters: touched?.plan?.counts.all ?? null,
      trainRows: rows,
      evalRows: facts?.eval?.rows ?? 0,
      steps: rows > 0 ? (steps?.totalSteps ?? 0) : 0,
      adapterBytes: touched?.plan ? adapterBytes(touched.plan) : null,
      diskBytes: disk?.needed ?? null,
      diskFreeBytes: disk?.free ?? (await freeBytes(context.workspace.dir)),
      findings: all,
      canStart: !all.some(({ weight }) => weight === 'error'),
    };
  } finally {
    await touched?.base.close();
  }
}

type Repair = Parameters<typeof faultFinding>[1];

/** What a fault says becomes a finding; anything else is a defect and goes on. */
async function caught<T>(
  findings: (PreflightFinding | null)[],
  work: () => T | Promise<T>,
  repair: (fault: Fault) => Repair = () => undefined,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    findings.push(faultFinding(error, repair(error)));
    return undefined;
  }
}

/** Settings that contradict each other, or cannot be used and go back to their default. */
function settingsRepair({ code, message }: Fault, { data }: ExperimentSpec): Repair {
  if (code === 'settings/conflict' && message.includes('data')) {
    return data.evalSplit === null
      ? { label: 'Set 20 % aside', patch: { data: { split: { test_size: 0.2, seed: 42 } } } }
      : { label: 'Evaluate the split alone', patch: { data: { split: null } } };
  }
  const [, group, name] = /(training|adapter)\.(\w+)/.exec(message) ?? [];
  if (group === undefined || name === undefined || code === 'settings/required') return undefined;
  return { label: `Take ${name} out`, patch: { [group]: { [name]: null } } };
}

function selectRepair({ code }: Fault): Repair {
  if (code !== 'data/select-count') return undefined;
  return { label: 'Take all rows', patch: { data: { trainSelect: null, evalSelect: null } } };
}

interface Touched {
  base: BaseModel;
  plan: AdapterPlan | undefined;
}

/** Opens the model as the run would, for its labels and its adapter. The caller closes it. */
async function lookAtModel(
  findings: (PreflightFinding | null)[],
  model: StoredModel,
  spec: ExperimentSpec,
  facts: RowFacts | null | undefined,
): Promise<Touched | undefined> {
  const link = { label: 'Look at the model', link: `/models/${model.id}` };
  return caught(
    findings,
    async () => {
      const head = await headLabels(model.folder);
      const labels = settleLabels(buildLabelMap(facts?.labels ?? standInLabels), head).names;
      const base = await openBaseModel(model.folder, {
        head: 'sequence',
        labelNames: labels,
        overrides: spec.modelOverrides,
      });
      if (facts && facts.labels.length > 1) findings.push(labelFinding(facts.labels, head, model.id));
      findings.push(otherHeadFinding(base), newLayersFinding(base));
      return { base, plan: planOf(findings, base, spec) };
    },
    () => link,
  );
}

function planOf(
  findings: (PreflightFinding | null)[],
  base: BaseModel,
  { adapter }: ExperimentSpec,
): AdapterPlan | undefined {
  try {
    const plan = planAdapter(base, adapter, 'settings');
    requireSavedModules(base, adapter);
    return plan;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    findings.push(adapterFault(error, base, adapter));
    return undefined;
  }
}

async function lengths(
  reader: RowReader,
  question: RowQuestion,
  spec: ExperimentSpec,
  base: BaseModel,
  model: StoredModel,
): Promise<(PreflightFinding | null)[]> {
  const findings: (PreflightFinding | null)[] = [];
  const counted = await caught(findings, () => reader.lengths(question, model.folder));
  if (!counted) return findings;
  const limit = Math.min(base.config.max_tokens, counted.modelMaxLength ?? Infinity);
  return lengthFindings(counted, spec, limit);
}

async function diskOf(
  { workspace }: BackendContext,
  adapter: AdapterPlan | undefined,
  config: TrainConfig | undefined,
  steps: Plan | undefined,
): Promise<{ needed: number; free: number | null; finding: PreflightFinding | null } | undefined> {
  if (!adapter || !config || !steps) return undefined;
  const needed = runBytes(adapter, config.training, steps);
  const free = await freeBytes(workspace.dir);
  return { needed, free, finding: free === null ? null : diskFinding(needed, free) };
}
