import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import bootstrapCases from '../../../fixtures/statistics/bootstrap.json' with { type: 'json' };
import calibrationCases from '../../../fixtures/statistics/calibration.json' with { type: 'json' };
import labelErrorsCases from '../../../fixtures/statistics/label-errors.json' with { type: 'json' };
import mcnemarCases from '../../../fixtures/statistics/mcnemar.json' with { type: 'json' };
import { binomial } from '../random/multinomial.ts';
import { Pcg64 } from '../random/pcg64.ts';
import { accuracyOf, bootstrap, cellsOf, type Interval } from './bootstrap.ts';
import { expectedCalibrationError, fitTemperature, reliability } from './calibration.ts';
import { likelyLabelErrors } from './label-errors.ts';
import { mcnemar } from './mcnemar.ts';
import { singleLabel } from '../tasks/single-label.ts';
import { measure as measured, type Measured } from './measured.ts';
import { pairedTest, verdictParts, verdictText } from './verdict.ts';

/** Cases made with scipy, statsmodels, scikit-learn and cleanlab by fixtures/statistics/make.py. */
const parse = <Schema extends z.ZodType>(stored: unknown, schema: Schema): z.output<Schema> =>
  schema.parse(stored);

const numbers = z.array(z.number());

const [accuracy, macroF1] = singleLabel.compared;
const measure = (expected: Uint16Array, runs: Uint16Array[], labels: number): Measured[] =>
  measured(
    singleLabel,
    runs.map((predicted) => ({ labels: Array.from({ length: labels }, String), expected, predicted })),
  );

const placesOf = (expected: number[], ...runs: number[][]): [Uint16Array, Uint16Array[]] => [
  Uint16Array.from(expected),
  runs.map((run) => Uint16Array.from(run)),
];

describe("McNemar's test", () => {
  const cases = parse(
    mcnemarCases,
    z.array(z.object({ only_a: z.number(), only_b: z.number(), p: z.number() })),
  );
  it.each(cases)('agrees with statsmodels for $only_a against $only_b', ({ only_a, only_b, p }) => {
    expect(Math.abs(mcnemar(only_a, only_b) - p)).toBeLessThan(1e-9 * Math.max(1e-3, p));
    expect(mcnemar(only_b, only_a)).toBe(mcnemar(only_a, only_b));
  });
});

describe('bootstrap intervals', () => {
  const interval = z.object({
    value: z.number(),
    low: z.number(),
    high: z.number(),
    standard_error: z.number(),
  });
  const intervals = z.object({
    accuracy_a: interval,
    f1_a: interval,
    accuracy_difference: interval,
    f1_difference: interval,
  });
  type Intervals = z.infer<typeof intervals>;
  const cases = parse(
    bootstrapCases,
    z.array(
      z.object({
        labels: z.number(),
        expected: numbers,
        a: numbers,
        b: numbers,
        ...intervals.shape,
      }),
    ),
  );

  it.each(cases)('agree with scipy within Monte Carlo error: $labels labels', (one) => {
    const cells = cellsOf(one.expected, [one.a, one.b], one.labels);
    const [share] = bootstrap(cells, [accuracyOf(cells, 0)]);
    const [a, b] = measure(...placesOf(one.expected, one.a, one.b), one.labels);
    const found = {
      accuracy_a: share!,
      accuracy_difference: pairedTest(accuracy!, a!, b!).points,
      f1_difference: pairedTest(macroF1!, a!, b!).points,
    };
    expectWithinMonteCarloError(found, one);
    expectWithinMonteCarloError(
      { accuracy_a: a!.figures['accuracy']!.interval, f1_a: a!.figures['f1_macro']!.interval },
      one,
    );
  });

  /** A 2.5 % quantile of 2,000 draws has a standard error of about 0.06 standard deviations; four of them. */
  function expectWithinMonteCarloError(
    found: Partial<Record<keyof Intervals, Interval>>,
    theirs: Intervals,
  ): void {
    for (const [name, { value, low, high }] of Object.entries(found)) {
      const expected = theirs[name as keyof Intervals];
      const room = 0.25 * expected.standard_error + 1e-9;
      expect(value).toBeCloseTo(expected.value, 10);
      expect(Math.abs(low - expected.low)).toBeLessThan(room);
      expect(Math.abs(high - expected.high)).toBeLessThan(room);
    }
  }

  it('do not depend on the order of the rows', () => {
    const [one] = cases;
    const order = one!.expected.map((_, i) => i).reverse();
    const pick = (values: readonly number[]) => order.map((i) => values[i]!);
    const of = (expected: number[], a: number[]) => {
      const cells = cellsOf(expected, [a], one!.labels);
      return bootstrap(cells, [accuracyOf(cells, 0)]);
    };
    expect(of(pick(one!.expected), pick(one!.a))).toEqual(of(one!.expected, one!.a));
  });

  it('pair two runs that were measured apart', () => {
    const [one] = cases;
    const [expected, [a, b]] = placesOf(one!.expected, one!.a, one!.b);
    const together = measure(expected, [a!, b!], one!.labels);
    const apart = [a!, b!].flatMap((run) => measure(expected, [run], one!.labels));
    expect(apart).toEqual(together);
  });

  const judged = (difference: ReturnType<typeof pairedTest>, names = ['A', 'B']) => ({
    baselineId: '0',
    runs: names.map((name, id) => ({ experiment: { id: `${id}` }, name, against: null })),
    verdict: { kind: 'tested' as const, otherId: '1', metric: 'accuracy', difference, common: null },
  });

  it('say in a sentence what they show, and when they show nothing', () => {
    const expected = Array.from({ length: 400 }, () => 0);
    const right = (share: number) => expected.map((_, i) => (i < 400 * share ? 0 : 1));
    const compare = (shareA: number, shareB: number) => {
      const [a, b] = measure(...placesOf(expected, right(shareA), right(shareB)), 2);
      return verdictText(judged(pairedTest(accuracy!, a!, b!)));
    };
    expect(compare(0.8, 0.9)).toMatch(
      /^B is better than A by 10\.0 points \(95 % interval \d+\.\d to \d+\.\d\)\.$/,
    );
    expect(compare(0.9, 0.8)).toMatch(/^A is better than B by 10\.0 points/);
    expect(compare(0.9, 0.9025)).toMatch(/^No difference shown between A and B: 0\.[23] points/);
  });

  it('have names, size and interval of a verdict apart from its words, whatever the names are', () => {
    const shown = { points: { value: 1.8, low: 0.4, high: 3.2 }, p: 0.01, shown: true };
    const parts = verdictParts(judged(shown, ['r (1)', 'r (1) long, 2.0 points']));
    expect(parts.filter(({ kind }) => kind !== 'plain')).toEqual([
      { kind: 'name', text: 'r (1) long, 2.0 points', id: '1' },
      { kind: 'name', text: 'r (1)', id: '0' },
      { kind: 'size', text: '1.8 points' },
      { kind: 'interval', text: '(95 % interval 0.4 to 3.2)' },
    ]);
  });
});

describe('binomial draws', () => {
  it.each([
    [20, 0.1],
    [1000, 0.004],
    [1000, 0.3],
    [100_000, 0.77],
  ])('have the mean and the variance of n = %d, p = %d', (n, p) => {
    const random = new Pcg64(5);
    const draws = Array.from({ length: 20_000 }, () => binomial(random, n, p));
    const mean = draws.reduce((sum, x) => sum + x, 0) / draws.length;
    const variance = draws.reduce((sum, x) => sum + (x - mean) ** 2, 0) / draws.length;
    expect(Math.abs(mean - n * p)).toBeLessThan(4 * Math.sqrt((n * p * (1 - p)) / draws.length));
    expect(variance / (n * p * (1 - p))).toBeGreaterThan(0.95);
    expect(variance / (n * p * (1 - p))).toBeLessThan(1.05);
  });
});

describe('calibration', () => {
  const one = parse(
    calibrationCases,
    z.object({ logits: z.array(numbers), labels: numbers, temperature: z.number(), ece: z.number() }),
  );
  const flat = one.logits.flat();

  it('fits the temperature that scipy finds', () => {
    expect(fitTemperature(flat, one.labels, 4)).toBeCloseTo(one.temperature, 4);
  });

  it('measures the expected calibration error', () => {
    const rows = one.logits.map((logits) => {
      const total = logits.reduce((sum, z) => sum + Math.exp(z), 0);
      const best = Math.max(...logits);
      return { score: Math.exp(best) / total, answer: logits.indexOf(best) };
    });
    const bins = reliability(
      rows.map(({ score }) => score),
      rows.map(({ answer }, i) => answer === one.labels[i]),
    );
    expect(expectedCalibrationError(bins)).toBeCloseTo(one.ece, 5);
    expect(bins.reduce((sum, bin) => sum + bin.rows, 0)).toBe(500);
  });
});

describe('likely label errors', () => {
  const one = parse(
    labelErrorsCases,
    z.object({ labels: numbers, probabilities: z.array(numbers), planted: numbers, issues: numbers }),
  );

  it("are cleanlab's, and most of the 100 planted ones", () => {
    const found = likelyLabelErrors(one.probabilities.flat(), one.labels, 4).map(({ index }) => index);
    const theirs = new Set(one.issues);
    const same = found.filter((index) => theirs.has(index)).length;
    expect(same / new Set([...found, ...one.issues]).size).toBeGreaterThan(0.97);
    const planted = new Set(one.planted);
    const precisionOf = (indices: readonly number[]) =>
      indices.filter((i) => planted.has(i)).length / indices.length;
    expect(precisionOf(found)).toBeGreaterThan(precisionOf(one.issues) - 0.02);
    expect((precisionOf(found) * found.length) / planted.size).toBeGreaterThan(0.85);
  });

  it('are none where the model agrees with every label', () => {
    expect(likelyLabelErrors([0.9, 0.1, 0.2, 0.8], [0, 1], 2)).toEqual([]);
  });
});
