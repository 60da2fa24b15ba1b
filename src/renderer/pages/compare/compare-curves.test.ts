import { describe, expect, it } from 'vitest';
import type { Curve } from '../../../shared/contract/experiments.ts';
import { CurveColumns } from '../../charts/curve-columns.ts';
import {
  compareSeries,
  inUnit,
  measure,
  metricsOf,
  secondsRuler,
  tokensRuler,
  type RunCurve,
} from './compare-curves.ts';
import { comparison, run } from '../../evaluation/compare-test-support.ts';
import { labelledRuns } from '../../evaluation/labelled-runs.ts';
import { entriesOf } from './comparison-entries.ts';

function curveOf(loss: readonly number[], speeds = loss.map(() => 100)): RunCurve {
  const step = loss.map((_, at) => 10 * (at + 1));
  const curve: Curve = {
    step,
    epoch: step.map((one) => one / 10),
    loss: [...loss],
    learning_rate: [...loss],
    grad_norm: [...loss],
    tokens_per_second: speeds,
  };
  const columns = new CurveColumns();
  columns.append(curve);
  return { curve: columns, evaluations: [{ step: 20, epoch: 2, metrics: { accuracy: 0.9, loss: 0.3 } }] };
}
const ended = { trainSeconds: 60, step: 30, tokensPerSecond: 100 };

describe('how far a run is', () => {
  it('slow steps take longer, and all together take as long as was measured', () => {
    const ruler = secondsRuler(curveOf([3, 2, 1], [100, 50, 100]).curve, ended)!;
    expect(Array.from(ruler.at, Math.round)).toEqual([15, 45, 60]);
    expect(measure(ruler, 15)).toBeCloseTo(30, 9);
    expect(measure(ruler, 0)).toBe(0);
    expect(measure(ruler, 99)).toBe(60);
  });
  it('without speeds all steps take the same', () => {
    const ruler = secondsRuler(curveOf([3, 2, 1], [NaN, 50, 100]).curve, ended)!;
    expect(Array.from(ruler.at)).toEqual([20, 40, 60]);
  });
  it('tokens are as many a step as they are on average', () => {
    expect(Array.from(tokensRuler(curveOf([3, 2, 1]).curve, ended)!.at)).toEqual([2000, 4000, 6000]);
  });
  it('a run that has not ended is not known in time or tokens', () => {
    const running = { ...ended, trainSeconds: null };
    expect(secondsRuler(curveOf([1]).curve, running)).toBeNull();
    expect(tokensRuler(curveOf([1]).curve, running)).toBeNull();
  });
});

describe('curves over each other', () => {
  const group = { ids: ['a', 'b'], name: 'SMS Spam, LoRA', metrics: {} };
  const facts = { trainSeconds: 60, step: 30, tokensPerSecond: 100 };
  const runs = [
    run('a', 0.9, { ...facts, name: 'SMS Spam, LoRA', seed: 1 }),
    run('b', 0.9, { ...facts, name: 'SMS Spam, LoRA', seed: 2 }),
    run('c', 0.8, { ...facts, name: 'SMS Spam, head only', trainSeconds: null }),
  ];
  const entries = entriesOf(comparison(runs, { seedGroups: [group] }), labelledRuns(runs));
  const curves = new Map([
    ['a', curveOf([4, 2, 1])],
    ['b', curveOf([2, 2])],
    ['c', curveOf([5, 5, 5])],
  ]);
  const draw = (x: 'step' | 'time', bands: boolean) =>
    compareSeries(entries, curves, { x, y: { training: 'loss' }, bands });

  it('seeds are one band from the lowest to the highest, at the steps that all have', () => {
    const [band, single] = draw('step', true).series;
    expect(band).toMatchObject({
      key: 'a',
      label: 'LoRA',
      x: [10, 20],
      y: [3, 2],
      band: { low: [2, 2], high: [4, 2] },
    });
    expect(single).toMatchObject({ key: 'c', colour: 2 });
  });
  it('or each for itself', () => {
    expect(draw('step', false).series.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  });
  it('a run whose time is not known is named instead of drawn', () => {
    const { series, unknown } = draw('time', true);
    expect(series.map(({ key }) => key)).toEqual(['a']);
    expect(unknown).toEqual(['head only']);
  });
  it('a run whose curve is not there yet is neither', () => {
    const { series, unknown } = compareSeries(entries, new Map(), {
      x: 'time',
      y: { metric: 'accuracy' },
      bands: true,
    });
    expect([series, unknown]).toEqual([[], []]);
  });
  it('time stands in the unit that fits', () => {
    const of = (last: number) => inUnit([{ key: 'a', label: 'a', x: [0, last], y: [1, 1] }], 'time');
    expect(of(90)).toMatchObject({ unit: 's' });
    expect(of(600)).toMatchObject({ unit: 'min', series: [{ x: [0, 10] }] });
    expect(of(36_000)).toMatchObject({ unit: 'h', series: [{ x: [0, 10] }] });
  });
  it('the metrics are those of any run, the usual ones first', () => {
    expect(metricsOf(curves.values())).toEqual(['accuracy', 'loss']);
  });
});
