import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Slices } from '../../shared/contract/compare.ts';
import { fakeBackend } from '../fake-backend.ts';
import { run } from './compare-test-support.ts';
import { SliceManager } from './compared-runs.svelte.ts';
import { labelledRuns } from './labelled-runs.ts';
import { prepareSlices } from './slice-chart.ts';

const interval = (value: number) => ({ value, low: value - 0.05, high: Math.min(1, value + 0.05) });
const runs = labelledRuns(['a', 'b'].map((id) => run(id, 0.9, {}, { metrics: { accuracy: interval(0.9) } })));
const slices: Slices = {
  by: 'length',
  slices: [
    { name: 'to 20 characters', rows: 400, accuracy: [interval(0.8), interval(0.85)] },
    { name: 'x'.repeat(80), rows: 600, accuracy: [interval(0.97), interval(0.93)] },
  ],
  left: 0,
};

describe('the drawing of slices', () => {
  it('has all rows first, each run in its line, whiskers around the dots, all inside the axis', () => {
    const drawing = prepareSlices({ runs, slices }, 600);
    expect(drawing.groups.map(({ rows }) => rows)).toEqual([1000, 400, 600]);
    for (const { dots, top, height } of drawing.groups) {
      expect(dots.map(({ run }) => run.id)).toEqual(['a', 'b']);
      expect(dots[0]!.y).toBeLessThan(dots[1]!.y);
      for (const dot of dots) {
        expect(dot.from).toBeLessThan(dot.x);
        expect(dot.x).toBeLessThan(dot.to);
        expect(dot.from).toBeGreaterThanOrEqual(drawing.left);
        expect(dot.to).toBeLessThanOrEqual(600 - drawing.right);
        expect(dot.y).toBeGreaterThan(top);
        expect(dot.y).toBeLessThan(top + height);
      }
    }
  });
  it('cuts names that are too long and never leaves shares', () => {
    const drawing = prepareSlices({ runs, slices }, 600);
    expect(drawing.groups[2]!.text.length).toBeLessThan(40);
    expect(drawing.x.low).toBeGreaterThanOrEqual(0);
    expect(drawing.x.high).toBeLessThanOrEqual(1);
  });
  it('leaves out a run that has no figure', () => {
    const without = runs.map((run, at) => (at === 0 ? { ...run, main: null } : run));
    expect(prepareSlices({ runs: without, slices }, 600).groups[0]!.dots.map(({ run }) => run.id)).toEqual([
      'b',
    ]);
  });
});

describe('slices', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are cut by length first, then by the column chosen last', async () => {
    let slow: (() => void) | undefined;
    const { rpc } = fakeBackend({
      'compare/slices': async ({ by = null }) => {
        if (by === 'source') await new Promise<void>((resolve) => (slow = resolve));
        return { slices: { ...slices, by: by ?? 'length' }, columns: ['source', 'year'] };
      },
    });
    const manager = new SliceManager(rpc, ['a', 'b']);
    await vi.advanceTimersByTimeAsync(0);
    expect([manager.value?.slices?.by, ...(manager.value?.columns ?? [])]).toEqual([
      'length',
      'source',
      'year',
    ]);
    const [first, second] = [manager.cut('source'), manager.cut('year')];
    await vi.advanceTimersByTimeAsync(0);
    slow?.();
    await Promise.all([first, second]);
    expect([manager.by, manager.value?.slices?.by]).toEqual(['year', 'year']);
  });
  it('say why they cannot be counted', async () => {
    const { rpc } = fakeBackend({});
    const manager = new SliceManager(rpc, ['a']);
    await vi.advanceTimersByTimeAsync(0);
    expect(manager.fault?.message).toBe('no answer to compare/slices');
  });
});
