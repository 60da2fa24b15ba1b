import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { planSplit, shareOut } from './split-plan.ts';

describe('sharing rows out', () => {
  it('loses no row and adds none', () => {
    fc.assert(
      fc.property(
        fc.nat(100_000),
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 6 }),
        (rows, percents) => {
          const parts = shareOut(rows, percents);
          const all = percents.reduce((sum, value) => sum + value, 0);
          expect(parts.reduce((sum, value) => sum + value, 0)).toBe(rows);
          parts.forEach((part, at) => expect(Math.abs(part - (rows * percents[at]!) / all)).toBeLessThan(1));
        },
      ),
    );
  });
});

describe('a split plan', () => {
  const labels = [
    { name: 'ham', rows: 4827 },
    { name: 'spam', rows: 747 },
  ];
  const parts = [
    { name: 'train', percent: 80 },
    { name: 'test', percent: 20 },
  ];

  it('keeps the shares of each label', () => {
    const plan = planSplit(labels, parts);
    expect(plan.labels.map(({ rows }) => rows)).toEqual([
      [3862, 965],
      [598, 149],
    ]);
    expect(plan.rows).toEqual([4460, 1114]);
    expect(plan.problem).toBeNull();
  });
  it('names labels that a part would not have', () => {
    const plan = planSplit([...labels, { name: 'rare', rows: 1 }], parts);
    expect(plan.missing).toEqual([{ label: 'rare', part: 'test' }]);
    expect(plan.problem).toBeNull();
  });
  it('says why it cannot be made', () => {
    const problem = (...given: { name: string; percent: number }[]) => planSplit(labels, given).problem;
    expect(problem({ name: 'train', percent: 100 })).toContain('two parts');
    expect(problem({ name: 'a', percent: 50 }, { name: 'a', percent: 50 })).toContain('named "a"');
    expect(problem({ name: '', percent: 50 }, { name: 'a', percent: 50 })).toContain('no name');
    expect(problem({ name: 'a', percent: 70 }, { name: 'b', percent: 20 })).toContain('90 %');
    expect(problem({ name: 'a', percent: 100 }, { name: 'b', percent: 0 })).toContain('no share');
    expect(planSplit([{ name: 'x', rows: 1 }], parts).problem).toContain('"test" would get no rows');
  });
});
