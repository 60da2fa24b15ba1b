import type { ExperimentSpec, Preflight, PreflightFinding } from '../../../shared/contract/experiments.ts';
import { Fault } from '../../../shared/faults/index.ts';
import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import { openBaseModel, type BaseModel } from '../../engine/models/base-model.ts';
import { headLabels } from '../../engine/models/head-labels.ts';
import { planAdapter, requireSavedModules, type AdapterPlan } from '../../engine/peft/adapter.ts';
import { planSteps, type Plan } from '../../engine/training/loop.ts';
import { buildLabelMap } from '../../engine/data/labels.ts';
import { settleLabels } from '../../engine/training/labels.ts';
import type { BackendContext } from '../context.ts';
import { configOf, questionOf } from './config.ts';
import { adapterBytes, freeBytes, runBytes } from './disk.ts';
import { dataFindings, lengthFindings } from './findings/data.ts';
import { byWeight, faultFinding, finding } from './findings/finding.ts';
import { adapterFault, inferenceModeFinding, labelFinding, newLayersFinding } from './findings/model.ts';
import { diskFinding, trainingFindings } from './findings/training.ts';
import { findDataVersion, findModel, type FoundModel } from './lookup.ts';
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
  const model = findModel(context, spec.modelId);
  const version = findDataVersion(context, spec.versionId);
  findings.push(model ? null : missing('model'), version ? null : missing('data set version'));

  const config = await caught(findings, () => configOf(spec, model?.folder ?? 'model'), settingsRepair);
  const question = version && questionOf(spec, version.path);
  const facts = question && (await caught(findings, () => reader.facts(question), selectRepair));
  if (facts) findings.push(...dataFindings(facts, spec, version.datasetId));
  const touched = model && (await lookAtModel(findings, model, spec, facts));
  try {
    const rows = facts?.train.rows ?? 0;
    const steps = config && planSteps(rows, config.training);
    if (config && steps && facts && rows > 0) findings.push(...trainingFindings(spec, config, rows, steps));
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

/** A setting that cannot be used goes back to its default. */
function settingsRepair({ code, message }: Fault): Repair {
  const path = /settings: (?:(?:data|training|adapter)\.)?/.test(message)
    ? /settings: ((?:training|adapter)\.\w+)/.exec(message)?.[1]
    : undefined;
  if (path === undefined || code === 'settings/required') return undefined;
  const [group, name] = path.split('.') as [string, string];
  return { label: `Take ${name} out`, patch: { [group]: { [name]: null } } };
}

function selectRepair({ code }: Fault): Repair {
  if (code !== 'data/select-count') return undefined;
  return { label: 'Take all rows', patch: { data: { trainSelect: null, evalSelect: null } } };
}

function missing(what: 'model' | 'data set version'): PreflightFinding {
  const [code, link, list] =
    what === 'model' ? ['model-missing', '/models', 'models'] : ['data-missing', '/data', 'data'];
  return finding(code, 'error', `The ${what} is missing.`, {
    detail: 'It was removed, or its files vanished.',
    repair: { label: `Choose from the ${list}`, link: link },
  });
}

interface Touched {
  base: BaseModel;
  plan: AdapterPlan | undefined;
}

/** Opens the model as the run would, for its labels and its adapter. The caller closes it. */
async function lookAtModel(
  findings: (PreflightFinding | null)[],
  model: FoundModel,
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
        head: 'classification',
        labelNames: labels,
        overrides: spec.modelOverrides,
      });
      if (facts && facts.labels.length > 1) findings.push(labelFinding(facts.labels, head, model.id));
      findings.push(newLayersFinding(base));
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
  model: FoundModel,
): Promise<(PreflightFinding | null)[]> {
  const findings: (PreflightFinding | null)[] = [];
  const counted = await caught(findings, () => reader.lengths(question, model.folder));
  if (!counted) return findings;
  const limit = Math.min(base.config.max_position_embeddings, counted.modelMaxLength ?? Infinity);
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
