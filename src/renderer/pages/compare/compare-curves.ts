import type { EvaluationPoint, Experiment } from '../../../shared/contract.ts';
import type { LineSeries } from '../../charts/line-chart.ts';
import { lowerBound, type Column } from '../../charts/thin.ts';
import type { CurveColumns } from '../../charts/curve-columns.ts';
import type { LabelledRun } from '../../evaluation/labelled-runs.ts';
import type { Entry } from './comparison-entries.ts';

export type CurveX = 'step' | 'epoch' | 'time' | 'tokens';
/** "loss": of the training; else a metric of the evaluations. */
export type CurveY = { training: 'loss' } | { metric: string };
export interface RunCurve {
  curve: CurveColumns;
  evaluations: readonly EvaluationPoint[];
}

/** Points over known places: steps with what they are in epochs, seconds or tokens. */
interface Ruler {
  steps: Column;
  at: Column;
}

/** The value of a ruler at a step: between its points by share, from 0 at step 0. */
export function measure({ steps, at }: Ruler, step: number): number {
  const after = lowerBound(steps, step);
  const [fromStep, from] = after === 0 ? [0, 0] : [steps[after - 1]!, at[after - 1]!];
  if (after === steps.length) return from;
  const [toStep, to] = [steps[after]!, at[after]!];
  return toStep === fromStep ? to : from + ((step - fromStep) / (toStep - fromStep)) * (to - from);
}

/**
 * Seconds of training at each logged step. The total is measured; within it a step takes as long as its tokens per
 * second say, at equally many tokens a step. Null where the total is not known (yet).
 */
export function secondsRuler(
  curve: CurveColumns,
  { trainSeconds, step }: Pick<Experiment, 'trainSeconds' | 'step'>,
): Ruler | null {
  const steps = curve.column('step');
  const last = steps[steps.length - 1];
  if (trainSeconds === null || step === 0 || last === undefined) return null;
  const speeds = curve.column('tokens_per_second');
  const even = speeds.some((speed) => !(speed > 0));
  const at = new Float64Array(steps.length);
  let [sum, before] = [0, 0];
  for (let i = 0; i < steps.length; i++) {
    sum += (steps[i]! - before) / (even ? 1 : speeds[i]!);
    before = steps[i]!;
    at[i] = sum;
  }
  const scale = (trainSeconds * (last / step)) / sum;
  return { steps, at: at.map((value) => value * scale) };
}

/** Tokens trained on at each logged step, at equally many a step. Null where their number is not known (yet). */
export function tokensRuler(
  curve: CurveColumns,
  { trainSeconds, tokensPerSecond, step }: Pick<Experiment, 'trainSeconds' | 'tokensPerSecond' | 'step'>,
): Ruler | null {
  if (trainSeconds === null || tokensPerSecond === null || step === 0) return null;
  const perStep = (trainSeconds * tokensPerSecond) / step;
  const steps = curve.column('step');
  return { steps, at: steps.map((one) => one * perStep) };
}

interface Points {
  steps: Column;
  x: Column;
  y: Column;
}

function pointsOf(
  { curve, evaluations }: RunCurve,
  experiment: Experiment,
  x: CurveX,
  y: CurveY,
): Points | null {
  const having = 'metric' in y ? evaluations.filter(({ metrics }) => metrics[y.metric] !== undefined) : [];
  const steps = 'metric' in y ? having.map(({ step }) => step) : curve.column('step');
  const values = 'metric' in y ? having.map(({ metrics }) => metrics[y.metric]!) : curve.column('loss');
  if (steps.length === 0) return null;
  if (x === 'step') return { steps, x: steps, y: values };
  if (x === 'epoch') {
    const epochs = 'metric' in y ? having.map(({ epoch }) => epoch) : curve.column('epoch');
    return { steps, x: epochs, y: values };
  }
  const ruler = x === 'time' ? secondsRuler(curve, experiment) : tokensRuler(curve, experiment);
  return ruler && { steps, x: Array.from(steps, (step) => measure(ruler, step)), y: values };
}

/** The curves as a chart takes them; `unknown`: the names of runs that cannot be placed on this x. */
export function compareSeries(
  entries: readonly Entry[],
  curves: ReadonlyMap<string, RunCurve>,
  { x, y, bands }: { x: CurveX; y: CurveY; bands: boolean },
): { series: LineSeries[]; unknown: string[] } {
  const series: LineSeries[] = [];
  const unknown: string[] = [];
  for (const entry of entries) {
    const found = entry.runs.flatMap((run): (Points & { run: LabelledRun })[] => {
      const curve = curves.get(run.id);
      const points = curve && pointsOf(curve, run.experiment, x, y);
      if (!points && curve && pointsOf(curve, run.experiment, 'step', y)) unknown.push(run.label);
      return points ? [{ ...points, run }] : [];
    });
    const band = bands && found.length > 1 ? bandOf(found) : null;
    if (band) series.push({ key: entry.key, label: entry.label, colour: entry.colour, ...band });
    else
      for (const { run, x: at, y: values } of found)
        series.push({ key: run.id, label: run.label, colour: run.colour, x: at, y: values });
  }
  return { series, unknown };
}

/** The mean of several curves, from the lowest to the highest, at the steps that all of them have. */
function bandOf(found: readonly Points[]): Pick<LineSeries, 'x' | 'y' | 'band'> | null {
  const [first, ...others] = found;
  const indices = others.map(({ steps }) => new Map(Array.from(steps, (step, at) => [step, at])));
  const x: number[] = [];
  const y: number[] = [];
  const low: number[] = [];
  const high: number[] = [];
  for (let at = 0; at < first!.steps.length; at++) {
    const at2 = indices.map((index) => index.get(first!.steps[at]!));
    if (at2.includes(undefined)) continue;
    const xs = [first!.x[at]!, ...at2.map((index, i) => others[i]!.x[index!]!)];
    const ys = [first!.y[at]!, ...at2.map((index, i) => others[i]!.y[index!]!)];
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    x.push(mean(xs));
    y.push(mean(ys));
    low.push(Math.min(...ys));
    high.push(Math.max(...ys));
  }
  return x.length === 0 ? null : { x, y, band: { low, high } };
}

const UNITS: Readonly<Record<'time' | 'tokens', readonly (readonly [number, string])[]>> = {
  time: [
    [7200, 'h'],
    [180, 'min'],
    [0, 's'],
  ],
  tokens: [
    [2e6, 'M tokens'],
    [2e4, 'k tokens'],
    [0, 'tokens'],
  ],
};
const SIZES: Readonly<Record<string, number>> = { h: 3600, min: 60, 'M tokens': 1e6, 'k tokens': 1e3 };

/** The series in the unit that fits how far they reach, with its name. */
export function inUnit(series: readonly LineSeries[], x: CurveX): { series: LineSeries[]; unit: string } {
  if (x === 'step' || x === 'epoch') return { series: [...series], unit: x === 'step' ? 'steps' : 'epochs' };
  const reach = Math.max(0, ...series.map((one) => one.x[one.x.length - 1] ?? 0));
  const unit = UNITS[x].find(([from]) => reach >= from)![1];
  const size = SIZES[unit] ?? 1;
  if (size === 1) return { series: [...series], unit };
  return { unit, series: series.map((one) => ({ ...one, x: Array.from(one.x, (value) => value / size) })) };
}

/** The metrics that any of the runs was evaluated by, those that people choose by first. */
export function metricsOf(curves: Iterable<RunCurve>): string[] {
  const first = ['accuracy', 'f1_macro', 'mcc', 'loss'];
  const found = new Set<string>();
  for (const { evaluations } of curves)
    for (const { metrics } of evaluations) for (const name of Object.keys(metrics)) found.add(name);
  return [
    ...first.filter((name) => found.has(name)),
    ...[...found].filter((name) => !first.includes(name)).sort(),
  ];
}
