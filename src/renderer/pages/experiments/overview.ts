import { isFields } from '../../../shared/fields.ts';
import type { Baselines, EvaluationPoint, Experiment, ExperimentDetail } from '../../../shared/contract.ts';
import { isAddedPart } from '../../../shared/methods/index.ts';
import type { LineSeries, Reference } from '../../charts/line-chart.ts';
import { count, counted, decimal, duration, megabytes, percent } from '../../format.ts';
import type { CurveColumns, CurveName } from '../../charts/curve-columns.ts';
import { metricName, metricText, neverAnswers, overGuessing } from '../../experiment-words.ts';

const drawn = {
  loss: 'loss',
  learning_rate: 'learning rate',
  grad_norm: 'gradient norm',
  tokens_per_second: 'tokens/s',
};

/** The curves as the charts take them: views of the columns, nothing copied. */
export function curveSeries(curve: CurveColumns): Record<keyof typeof drawn, LineSeries[]> {
  const x = curve.column('step');
  const one = (key: keyof typeof drawn): LineSeries[] => [
    { key, label: drawn[key], x, y: curve.column(key) },
  ];
  return {
    loss: one('loss'),
    learning_rate: one('learning_rate'),
    grad_norm: one('grad_norm'),
    tokens_per_second: one('tokens_per_second'),
  };
}

/** The values of a metric over the evaluations. */
export function metricSeries(evaluations: readonly EvaluationPoint[], metric: string): LineSeries[] {
  const having = evaluations.filter(({ metrics }) => metrics[metric] !== undefined);
  return [
    {
      key: metric,
      label: metricName(metric),
      x: having.map(({ step }) => step),
      y: having.map(({ metrics }) => metrics[metric]!),
    },
  ];
}

/** What is to be had for nothing, as lines across the chart of a metric. */
export function references(baselines: Baselines | null, metric: string): Reference[] {
  if (!baselines || (metric !== 'accuracy' && metric !== 'f1_macro')) return [];
  const { majority, ownHead, linearProbe } = baselines;
  return [
    ...(linearProbe ? [{ value: linearProbe[metric], label: 'linear probe' }] : []),
    ...(ownHead ? [{ value: ownHead[metric], label: 'own head' }] : []),
    { value: majority[metric], label: 'most frequent' },
  ];
}

interface FigureWords {
  label: string;
  value: string;
  note: string;
  /** The note is a warning. */
  warn?: boolean;
}
const none = '—';

/** The evaluation of the weights that a finished run keeps: its numbers are the run's own. */
export function keptEvaluation(
  { state, metrics }: Pick<Experiment, 'state' | 'metrics'>,
  evaluations: readonly EvaluationPoint[],
): EvaluationPoint | undefined {
  if (state !== 'finished' || metrics === null) return undefined;
  const equal = (point: EvaluationPoint): boolean =>
    Object.entries(point.metrics).every(
      ([name, value]) => metrics[name] === undefined || metrics[name] === value,
    );
  return evaluations.findLast(equal);
}

/** The figures at the top of the overview: of what is kept, else of the last evaluation. */
export function figuresOf(
  { experiment, baselines, config }: ExperimentDetail,
  curve: CurveColumns,
  evaluations: readonly EvaluationPoint[],
): FigureWords[] {
  const byStep = evaluations.toSorted((a, b) => a.step - b.step);
  const last = byStep.at(-1);
  const kept = keptEvaluation(experiment, byStep);
  const metrics =
    experiment.state === 'finished' ? experiment.metrics : (last?.metrics ?? experiment.metrics);
  const accuracy = metrics?.['accuracy'];
  const macro = metrics?.['f1_macro'];
  const loss = curve.last('loss') ?? experiment.loss;
  const first = curve.length > 0 ? curve.column('loss')[0]! : null;
  const speed = experiment.tokensPerSecond ?? curve.last('tokens_per_second');
  const norm = curve.last('grad_norm');
  const perStep =
    experiment.trainSeconds !== null && experiment.step > 0
      ? experiment.trainSeconds / experiment.step
      : null;
  const shown = kept ?? last;
  const best = kept && last && kept.step < last.step ? 'best kept, ' : '';
  const where = shown ? `${best}epoch ${decimal(shown.epoch, 2)}` : '';
  const gain = accuracy === undefined ? '' : overGuessing(accuracy, baselines);
  return [
    {
      label: 'Eval accuracy',
      value: accuracy === undefined ? none : metricText('accuracy', accuracy),
      note:
        accuracy === undefined
          ? 'not evaluated yet'
          : [where, gain].filter((part) => part !== '').join(' · '),
    },
    {
      label: 'Macro F1',
      value: macro === undefined ? none : metricText('f1_macro', macro),
      note: neverAnswers(experiment.unanswered),
      warn: true,
    },
    {
      label: 'Loss',
      value: loss === null ? none : decimal(loss),
      note: first === null ? '' : `from ${decimal(first)}`,
    },
    {
      label: 'Speed',
      value: speed === null ? none : `${count(speed)} tokens/s`,
      note: perStep === null ? '' : `${duration(perStep)} a step`,
    },
    {
      label: 'Gradient norm',
      value: norm === null ? none : decimal(norm),
      note: clippedShare(config, curve),
    },
    {
      label: 'Memory',
      value: experiment.peakMemoryMb === null ? none : megabytes(experiment.peakMemoryMb),
      note: [experiment.peakMemoryMb === null ? '' : 'peak', experiment.device ?? '']
        .filter((part) => part !== '')
        .join(' · '),
    },
  ];
}

/** "clipped at 1 in 4 %" */
function clippedShare(config: Record<string, unknown>, curve: CurveColumns): string {
  const limit = isFields(config['training']) ? config['training']['max_grad_norm'] : null;
  if (typeof limit !== 'number' || limit === 0 || curve.length === 0) return '';
  const norms = curve.column('grad_norm' satisfies CurveName);
  let clipped = 0;
  for (const norm of norms) if (norm > limit) clipped += 1;
  return clipped === 0
    ? `never clipped at ${decimal(limit)}`
    : `clipped at ${decimal(limit)} in ${percent(clipped / norms.length, 0)}`;
}

// What PEFT wraps around a parameter's own name.
const frames = ['default', 'base_model', 'model', 'modules_to_save'];

/** Names of parameters as groups: "lora_A, lora_B · query, value" with how many there are. */
export function movedGroups(names: readonly string[]): { label: string; count: number }[] {
  const groups = new Map<
    string,
    { parts: Set<string>; modules: Set<string>; layers: Set<number>; count: number }
  >();
  for (const name of names) {
    const parts = name.split('.').filter((part) => !frames.includes(part));
    const added = parts.findIndex(isAddedPart);
    const module = added > 0 ? parts[added - 1]! : parts.slice(0, -1).join('.');
    const part = added > 0 ? parts[added]! : parts.at(-1)!;
    // A module may be called anything but "".
    const key = added > 0 ? '' : module;
    const group = groups.get(key) ?? { parts: new Set(), modules: new Set(), layers: new Set(), count: 0 };
    groups.set(key, group);
    group.parts.add(part);
    group.modules.add(module);
    const layer = parts.find((one) => /^\d+$/.test(one));
    if (layer !== undefined) group.layers.add(Number(layer));
    group.count += 1;
  }
  return [...groups.values()].map(({ parts, modules, layers, count: size }) => {
    const [first, last] = [Math.min(...layers), Math.max(...layers)];
    const where =
      layers.size === 0 ? '' : ` · ${layers.size === 1 ? `layer ${first}` : `layers ${first}–${last}`}`;
    return { label: `${[...modules].join(', ')} · ${[...parts].join(', ')}${where}`, count: size };
  });
}

/** What the check of the first step found, in a sentence. */
export function movedSentence({
  moved,
  unmoved,
  frozen,
  unexpected,
}: NonNullable<ExperimentDetail['moved']>): {
  text: string;
  good: boolean;
} {
  if (unexpected.length > 0)
    return {
      text: `${counted(unexpected.length, 'frozen tensor')} changed that should not have.`,
      good: false,
    };
  if (unmoved.length > 0)
    return {
      text: `${counted(moved.length, 'tensor')} changed; ${count(unmoved.length)} that should train did not.`,
      good: false,
    };
  return {
    text: `Exactly the ${counted(moved.length, 'intended tensor')} changed, ${count(frozen)} frozen ones did not. Checked by checksum.`,
    good: true,
  };
}
