import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fitLogisticRegression } from './logistic-regression.ts';

const fixture = z
  .object({
    made_with: z.string(),
    cases: z.array(
      z.object({
        features: z.number(),
        classes: z.number(),
        C: z.number(),
        x: z.array(z.number()),
        y: z.array(z.number()),
        test: z.array(z.number()),
        probabilities: z.array(z.number()),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/logistic-regression.json'), 'utf8')));

describe('logistic regression', () => {
  it.each(fixture.cases.map((one, i) => [i + 1, one.classes, one] as const))(
    "case %i with %i classes: the probabilities are scikit-learn's",
    (_, classes, { x, y, C, test, features, probabilities }) => {
      const fitted = fitLogisticRegression({
        features: Float64Array.from(x),
        width: features,
        labels: y,
        classes,
        C,
      });
      const found = fitted.probabilities(Float64Array.from(test));
      const difference = probabilities.reduce((most, p, i) => Math.max(most, Math.abs(p - found[i]!)), 0);
      expect(difference).toBeLessThan(1e-6);
    },
  );

  it('gives the same bits for the same rows', () => {
    const [{ x, y, C, test, features, classes }] = fixture.cases as [(typeof fixture.cases)[number]];
    const fit = () =>
      fitLogisticRegression({ features: Float64Array.from(x), width: features, labels: y, classes, C });
    expect(fit().probabilities(Float64Array.from(test))).toEqual(
      fit().probabilities(Float64Array.from(test)),
    );
  });

  it('stays finite where the classes can be told apart without an error', () => {
    const features = Float64Array.from({ length: 40 }, (_, i) => (i < 20 ? -1e3 : 1e3));
    const labels = Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 1));
    const fitted = fitLogisticRegression({ features, width: 1, labels, classes: 2, C: 1 });
    expect([...fitted.probabilities(Float64Array.of(-1e3, 1e3))].map((p) => Math.round(p))).toEqual([
      1, 0, 0, 1,
    ]);
  });
});
