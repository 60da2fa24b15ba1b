import { z } from 'zod';
import { rowSchema } from './datasets.ts';
import { experimentSchema } from './experiments.ts';
import { count, id, method, nothing, page, range, time } from './message.ts';

/** A figure with its 95 % interval (2,000 seeded resamples). */
export const intervalSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });
export type Interval = z.infer<typeof intervalSchema>;

export const comparedRunSchema = z.object({
  experiment: experimentSchema,
  /** Rows that it was evaluated on; 0: its predictions are missing, and `problem` says why. */
  rows: count,
  problem: z.string().nullable(),
  accuracy: intervalSchema.nullable(),
  f1Macro: intervalSchema.nullable(),
  /** Expected calibration error. */
  ece: z.number().nullable(),
  adapterBytes: count.nullable(),
});
export type ComparedRun = z.infer<typeof comparedRunSchema>;

export const pairedTestSchema = z.object({
  id,
  metric: z.enum(['accuracy', 'f1_macro']),
  /** This run minus the baseline, in points. */
  difference: intervalSchema,
  p: z.number(),
  onlyBaseline: count,
  onlyThis: count,
  shown: z.boolean(),
  sentence: z.string(),
});
export type PairedTestValue = z.infer<typeof pairedTestSchema>;

export const comparisonSchema = z.object({
  runs: z.array(comparedRunSchema),
  baselineId: id.nullable(),
  /** Against the baseline; empty where the runs do not stand on the same rows. */
  tests: z.array(pairedTestSchema),
  /** The first thing to read. */
  verdict: z.string(),
  /** Why figures must not be compared side by side: other data, other rows, other labels. */
  warnings: z.array(z.string()),
  /** Only settings that differ: the value of each run, in the order of `runs`. */
  differences: z.array(z.object({ path: z.string(), values: z.array(z.string()) })),
});
export type Comparison = z.infer<typeof comparisonSchema>;

export const disagreementSchema = z.object({
  row: rowSchema,
  expected: z.string(),
  /** In the order of the ids asked for. */
  answers: z.array(z.object({ id, predicted: z.string(), score: z.number(), expectedScore: z.number() })),
});
export type Disagreement = z.infer<typeof disagreementSchema>;

export const calibrationSchema = z.object({
  bins: z.array(
    z.object({ from: z.number(), to: z.number(), rows: count, confidence: z.number(), accuracy: z.number() }),
  ),
  ece: z.number(),
  /** Fitted on every second row; `eceAfter` is measured on the others. */
  temperature: z.number(),
  eceAfter: z.number(),
});

export const sliceSchema = z.object({
  name: z.string(),
  rows: count,
  /** Accuracy by run, in the order of the ids asked for. */
  accuracy: z.array(intervalSchema),
});

const ids = z.array(id).min(1).max(400);
const kinds = z.enum(['differ', 'all-wrong', 'first-right', 'second-right', 'confident-errors']);

export const compareMethods = {
  'compare/read': method(z.object({ ids, baselineId: id.nullable().default(null) }), comparisonSchema),
  /** Rows by how the runs answered; `first-right`: the first run right, the second wrong. */
  'compare/disagreements': method(
    z.object({ ids, kind: kinds.default('differ'), label: z.string().nullable().default(null), ...range }),
    page(disagreementSchema),
  ),
  'compare/calibration': method(z.object({ id }), calibrationSchema),
  /** `by`: "length", or the name of a column that was kept with the data. */
  'compare/slices': method(
    z.object({ ids, by: z.string().default('length') }),
    z.object({ columns: z.array(z.string()), slices: z.array(sliceSchema) }),
  ),
  /** Labels that are likely wrong, by confident learning on one run's probabilities; the likeliest first. */
  'compare/label-errors': method(
    z.object({ id, ...range }),
    page(z.object({ row: rowSchema, label: z.string(), suggested: z.string(), margin: z.number() })),
  ),
  'compare/saved': method(
    nothing,
    z.object({ comparisons: z.array(z.object({ id, name: z.string(), ids: z.array(id), createdAt: time })) }),
  ),
  'compare/save': method(z.object({ name: z.string().min(1).max(200), ids }), z.object({ id })),
  'compare/forget': method(z.object({ id }), nothing),
};
