import { expect, it } from 'vitest';
import { CurveColumns } from './curve-columns.ts';

const points = (from: number, to: number, loss = (step: number) => 1 / step) => {
  const step = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const zero = step.map(() => 0);
  return {
    step,
    epoch: zero,
    loss: step.map(loss),
    learning_rate: zero,
    grad_norm: zero,
    tokens_per_second: zero,
  };
};

it('grows without losing a point', () => {
  const curve = new CurveColumns();
  for (let from = 1; from < 5000; from += 10) curve.append(points(from, from + 9));
  expect(curve.length).toBe(5000);
  expect(curve.column('step')[4999]).toBe(5000);
  expect(curve.column('loss')[99]).toBe(1 / 100);
  expect(curve.lastStep).toBe(5000);
});

it('replaces the steps of a run that went back to its checkpoint', () => {
  const curve = new CurveColumns();
  curve.append(points(1, 100));
  curve.append(points(51, 60, () => 7));
  expect(curve.lastStep).toBe(60);
  expect(curve.column('loss')[50]).toBe(7);
  expect(curve.column('loss')[49]).toBe(1 / 50);
});

it('does not count a point twice that came in the whole curve and in an event', () => {
  const curve = new CurveColumns();
  curve.append(points(1, 10));
  curve.append(points(8, 12));
  expect([...curve.column('step')]).toEqual(points(1, 12).step);
});

it('is empty before the first point', () => {
  const curve = new CurveColumns();
  curve.append(points(1, 0));
  expect(curve.last('loss')).toBeNull();
  expect(curve.column('loss')).toHaveLength(0);
});
