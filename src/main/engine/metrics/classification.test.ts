import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { classificationMetrics } from './classification.ts';
import { argmax, softmax } from '../../../shared/statistics/probabilities.ts';

const perClass = z.object({
  label: z.string(),
  precision: z.number(),
  recall: z.number(),
  f1: z.number(),
  support: z.number(),
});
const casesFile = z.object({
  cases: z.array(
    z.object({
      name: z.string(),
      num_labels: z.number(),
      logits: z.array(z.number()),
      labels: z.array(z.number()),
      /** Of the first three rows. */
      probabilities: z.array(z.number()),
      predictions: z.array(z.number()),
      expected: z
        .object({ per_class: z.array(perClass), confusion_matrix: z.array(z.array(z.number())) })
        .catchall(z.number().nullable()),
    }),
  ),
});

/** Made with scikit-learn by bench/reference/make_metrics_cases.py. */
const { cases } = casesFile.parse(
  JSON.parse(readFileSync(new URL('../../../../fixtures/metrics/cases.json', import.meta.url), 'utf8')),
);

const tolerance = (key: string) => (/^(roc_auc|log_loss)/.test(key) ? 1e-9 : 1e-12);

describe.each(cases)('$name', (stored) => {
  const logits = Float32Array.from(stored.logits);
  const labelNames = Array.from({ length: stored.num_labels }, (_, i) => `class ${i}`);
  const metrics = classificationMetrics({
    logits,
    labels: Int32Array.from(stored.labels),
    labelNames,
  });
  const { per_class, confusion_matrix, ...scalars } = stored.expected;

  it.each(Object.entries(scalars))('%s is what scikit-learn says', (key, expected) => {
    const actual = new Map<string, unknown>(Object.entries(metrics)).get(key);
    if (expected === null) expect(actual).toBeNull();
    else expect(Math.abs(Number(actual) - expected)).toBeLessThanOrEqual(tolerance(key));
  });

  it('has scikit-learn’s table of classes and confusion matrix', () => {
    expect(metrics.confusion_matrix).toEqual(confusion_matrix);
    for (const [i, expected] of per_class.entries()) {
      const actual = metrics.per_class[i]!;
      expect([actual.label, actual.support]).toEqual([expected.label, expected.support]);
      for (const key of ['precision', 'recall', 'f1'] as const) {
        expect(Math.abs(actual[key] - expected[key])).toBeLessThanOrEqual(1e-12);
      }
    }
  });

  it('has no metric that scikit-learn was not asked for, and lacks none', () => {
    expect(Object.keys(metrics).sort()).toEqual(Object.keys(stored.expected).sort());
  });

  it('predicts the first of the largest logits, with the same probabilities', () => {
    expect([...argmax(logits, stored.num_labels)]).toEqual(stored.predictions);
    const probabilities = softmax(logits, stored.num_labels);
    for (const [i, expected] of stored.probabilities.entries()) {
      expect(Math.abs(probabilities[i]! - expected)).toBeLessThanOrEqual(1e-15);
    }
  });
});

describe('classificationMetrics', () => {
  const labelNames = ['a', 'b'];

  it('keeps its values through JSON', () => {
    const logits = Float32Array.of(1, 0, 0, 1);
    const metrics = classificationMetrics({ logits, labels: Int32Array.of(0, 0), labelNames });
    const read: unknown = JSON.parse(JSON.stringify(metrics));
    expect(read).toEqual(metrics);
    expect(metrics.roc_auc).toBeNull();
  });

  it('says nothing of scores that are not numbers', () => {
    const logits = Float32Array.of(NaN, 0, 0, 1);
    const metrics = classificationMetrics({ logits, labels: Int32Array.of(0, 1), labelNames });
    expect([metrics.roc_auc, metrics.roc_auc_weighted, metrics.log_loss]).toEqual([null, null, null]);
  });

  it('refuses a label beyond the last one, and no rows at all', () => {
    const logits = Float32Array.of(1, 0);
    expect(() => classificationMetrics({ logits, labels: Int32Array.of(2), labelNames })).toThrow('label 2');
    expect(() =>
      classificationMetrics({
        logits: new Float32Array(),
        labels: new Int32Array(),
        labelNames,
      }),
    ).toThrow(RangeError);
  });
});
