import type { FaultText } from '../../../../shared/faults/fault.ts';
import { trainingSettings } from '../../../../shared/settings/training.ts';
import { textOf, type Call } from '../python/values.ts';
import type { ScriptReading } from './script-reading.ts';

/** Functions of scikit-learn by the metric that they are. */
const scores: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    accuracy_score: ['accuracy'],
    f1_score: ['f1'],
    precision_score: ['precision'],
    recall_score: ['recall'],
    precision_recall_fscore_support: ['precision', 'recall', 'f1'],
    matthews_corrcoef: ['mcc'],
    roc_auc_score: ['roc_auc'],
    log_loss: ['log_loss'],
  }),
);
/** Names of `evaluate` by ours. */
const ourName = (name: string): string => (name === 'matthews_correlation' ? 'mcc' : name);
/** Calls of sklearn.metrics that only print. */
const reports = new Set(['classification_report', 'confusion_matrix', 'ConfusionMatrixDisplay']);

/** The metric that `evaluate.load("f1")` stands for. */
function loadedMetric(call: Call): string | undefined {
  const isLoad = call.callee.kind === 'symbol' && call.callee.path === 'evaluate.load';
  if (!isLoad && call.name !== 'load_metric') return undefined;
  const name = textOf(call.args[0]?.value);
  return name === undefined ? undefined : ourName(name);
}

/** The metrics that the script works out; what Graft has not is named. */
export function readMetrics(script: ScriptReading): string[] {
  const metrics = new Set<string>();
  for (const call of script.calls) {
    const name = call.name;
    const loaded = loadedMetric(call);
    const found = loaded === undefined ? (scores.get(name) ?? []) : loaded === 'glue' ? [] : [loaded];
    const isOther =
      loaded === undefined &&
      found.length === 0 &&
      call.callee.kind === 'symbol' &&
      call.callee.path.startsWith('sklearn.metrics.') &&
      !reports.has(name);
    if (isOther || (loaded !== undefined && found.length > 0 && !isOurs(loaded)))
      script.notTaken('metric', call.line, { name: loaded ?? name });
    for (const metric of found) {
      if (!metrics.has(metric)) script.found('metrics', call.line, metric);
      metrics.add(metric);
    }
  }
  return [...metrics];
}

const choices: readonly string[] = trainingSettings.metric_for_best_model.choices;
const isOurs = (name: string): boolean =>
  choices.some((choice) => choice === name || choice.startsWith(`${name}_`));

/** How the script averages a metric over the classes; `binary` is scikit-learn's default: one class alone. */
function averages(metric: string, calls: readonly Call[]): Set<string> {
  const found = new Set<string>();
  for (const call of calls) {
    const { callee } = call;
    const computes =
      scores.get(call.name)?.includes(metric) ||
      (call.name === 'compute' &&
        callee.kind === 'member' &&
        callee.of.kind === 'call' &&
        loadedMetric(callee.of.call) === metric);
    if (!computes) continue;
    const given = call.named.get('average');
    found.add(given ? (textOf(given.value) ?? 'unknown') : 'binary');
  }
  return found;
}

/** Graft's name of the metric that chooses the best checkpoint, or why there is none. */
export function bestMetric(given: unknown, calls: readonly Call[]): { name: string } | FaultText {
  const said = typeof given === 'string' ? given.replace(/^eval_/, '') : String(given);
  const name = ourName(said);
  if (choices.includes(name)) return { name };
  const ours = choices.filter((choice) => choice.startsWith(`${name}_`));
  const [average, ...others] = averages(name, calls);
  const exact = average === undefined ? undefined : `${name}_${average}`;
  if (others.length === 0 && exact !== undefined && choices.includes(exact)) return { name: exact };
  if (ours.length === 0) {
    return {
      message: `metric_for_best_model is "${said}", which Graft does not work out.`,
      remedy: `Graft has ${choices.join(', ')}.`,
    };
  }
  const why =
    average === 'binary' && others.length === 0
      ? `it is that of one class here, and Graft has ${ours.join(', ')}`
      : `how it is averaged over the classes does not stand in the script, and Graft has ${ours.join(', ')}`;
  return {
    message: `metric_for_best_model is "${said}": ${why}.`,
    remedy: 'Choose one of them under Evaluate.',
  };
}
