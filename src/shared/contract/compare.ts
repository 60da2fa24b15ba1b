import { z } from 'zod';
import { rowSchema } from './datasets.ts';
import { experimentSchema } from './experiments.ts';
import { count, givenName, id, job, method, nothing, page, range, time } from './message.ts';

/** A value with its 95 % bootstrap interval. */
export const intervalSchema = z.object({ value: z.number(), low: z.number(), high: z.number() });
export type Interval = z.infer<typeof intervalSchema>;

const figuresSchema = z.record(z.string(), intervalSchema);

/** What two runs on the same rows differ in: other minus baseline, a share in points. */
export const differenceSchema = z.object({
  points: intervalSchema,
  /** McNemar's where the metric counts right rows, else the paired bootstrap's. */
  p: z.number(),
  /** Whether the interval leaves out zero. */
  shown: z.boolean(),
});
export type Difference = z.infer<typeof differenceSchema>;

/** An experiment with what was measured of its stored predictions. */
export const runFiguresSchema = z.object({
  experiment: experimentSchema,
  /** Told apart from the other runs' names: "LoRA r=16 (seed 43)". */
  name: z.string(),
  /**
   * Equal for runs whose stored answers are of the same rows of the same data with the same labels; null: no
   * predictions are kept.
   */
  rowsKey: z.string().nullable(),
  rows: count,
  /** The metrics that the experiment's task compares, by key; none where no predictions are kept. */
  metrics: figuresSchema,
  /** Bytes of the adapter's weights. */
  adapterBytes: count.nullable(),
  /** Against the baseline; null for the baseline itself and where the rows differ. */
  against: z.record(z.string(), differenceSchema).nullable(),
  /** Why it is not compared; null where it is. */
  reason: z.string().nullable(),
});
export type RunFigures = z.infer<typeof runFiguresSchema>;

/** Rows that two runs have in common, where they are not all of both. */
const commonRowsSchema = z.object({
  rows: count,
  /** The data set versions that have these rows with the same text and label; null: both runs answered them. */
  versions: z.tuple([z.string(), z.string()]).nullable(),
});
export type CommonRows = z.infer<typeof commonRowsSchema>;

/** What the runs show against the baseline; `shared/statistics/verdict.ts` has the words. */
const verdictSchema = z.discriminatedUnion('kind', [
  /** The best run: on the baseline's rows, or where none has just these on the rows in common. */
  z.object({
    kind: z.literal('tested'),
    otherId: id,
    /** The key of the task's main metric. */
    metric: z.string(),
    difference: differenceSchema,
    common: commonRowsSchema.nullable(),
  }),
  /** Nothing could be tested. `why` says what the baseline lacks, behind its name; null: other runs on its rows. */
  z.object({ kind: z.literal('untested'), why: z.string().nullable() }),
]);

export const comparisonSchema = z.object({
  baselineId: id,
  runs: z.array(runFiguresSchema),
  verdict: verdictSchema,
  /** The run that is best on the baseline's rows, the baseline included; null: none was evaluated. */
  bestId: id.nullable(),
  /** What a person must know before trusting it: other rows, other data set versions, missing predictions. */
  warnings: z.array(z.string()),
  /** Runs that differ in nothing but their seed, where there are two or more. */
  seedGroups: z.array(
    z.object({
      ids: z.array(id),
      name: z.string(),
      /** Mean over the seeds, with the smallest and the largest; none unless two answered the same rows. */
      metrics: figuresSchema,
    }),
  ),
  /** Settings in which the runs differ, by path ("training.learning_rate"); one value a run, null: not set. */
  differences: z.array(z.object({ path: z.string(), values: z.array(z.unknown()) })),
});
export type Comparison = z.infer<typeof comparisonSchema>;

export const disagreementFilterSchema = z.enum([
  /** Not all runs answer the same. */
  'differ',
  /** `rightId` is right and `wrongId` is wrong. */
  'right-wrong',
  'all-wrong',
  /** Wrong with a high probability in at least one run, the surest first. */
  'confident-errors',
  /** Labels that are likely wrong themselves, by confident learning on the runs' mean probabilities. */
  'label-errors',
  'all',
]);
export type DisagreementFilter = z.infer<typeof disagreementFilterSchema>;

export const disagreementSchema = z.object({
  row: rowSchema,
  expected: z.string(),
  /** One a run, in the order asked for. */
  answers: z.array(
    z.object({
      predicted: z.string(),
      /** By label, in the order of `labels`; adds up to 1. */
      probabilities: z.array(z.number()),
    }),
  ),
  /** For `label-errors`: the label it more likely has. */
  suggested: z.string().nullable(),
});
export type Disagreement = z.infer<typeof disagreementSchema>;

export const calibrationSchema = z.object({
  rows: count,
  /** Expected calibration error as it answers, 15 bins, all rows: what `bins` draws. */
  ece: z.number(),
  /** Fitted on one half of the rows. */
  temperature: z.number(),
  /** Of the other half, as it answers and with the temperature. */
  eceBefore: z.number(),
  eceAfter: z.number(),
  bins: z.array(
    z.object({
      from: z.number(),
      to: z.number(),
      rows: count,
      confidence: z.number(),
      accuracy: z.number(),
    }),
  ),
});
export type Calibration = z.infer<typeof calibrationSchema>;

export const slicesSchema = z.object({
  /** What the rows were cut by: text length, or a column of the data. */
  by: z.string(),
  slices: z.array(
    z.object({
      name: z.string(),
      rows: count,
      /** Accuracy by run, in the order asked for. */
      accuracy: z.array(intervalSchema),
    }),
  ),
  /** Values of the column that are not shown: only the commonest are. */
  left: count,
});
export type Slices = z.infer<typeof slicesSchema>;

export const savedComparisonSchema = z.object({
  id,
  name: z.string(),
  experimentIds: z.array(id),
  baselineId: id.nullable(),
  createdAt: time,
});
export type SavedComparison = z.infer<typeof savedComparisonSchema>;

/** What a cross-prediction looked at and found. */
export const crossPredictionSchema = z.object({
  split: z.string().nullable(),
  modelName: z.string(),
  /** Rows looked at, of so many. */
  looked: count,
  rows: count,
  /** Share of them that the probe answers with their label. */
  accuracy: z.number(),
  errors: count,
});
const labelErrorSchema = z.object({ row: rowSchema, suggested: z.string(), probability: z.number() });

const ids = z.array(id).min(1).max(500);
export const compareMethods = {
  /** Intervals are percentiles of 2,000 seeded resamples. `baselineId` null: the first experiment. */
  'compare/read': method({ ids, baselineId: id.nullable().default(null) }, comparisonSchema),
  /**
   * Two runs on the rows that both have answered; on two versions of a data set, on those with the same text and label.
   */
  'compare/pair': method(
    { baselineId: id, otherId: id },
    {
      against: z.record(z.string(), differenceSchema),
      rows: count,
      onlyBaseline: count,
      onlyOther: count,
      common: commonRowsSchema.nullable(),
    },
  ),
  /** Rows of the evaluation that all runs answered. The columns that slices can be cut by come with `compare/slices`. */
  'compare/disagreements': method(
    {
      ids,
      filter: disagreementFilterSchema.default('differ'),
      rightId: id.nullable().default(null),
      wrongId: id.nullable().default(null),
      /** A cell of the first run's confusion matrix. */
      expected: z.string().nullable().default(null),
      predicted: z.string().nullable().default(null),
      query: z.string().max(500).default(''),
      ...range,
    },
    page(disagreementSchema).extend({
      labels: z.array(z.string()),
      /** The version whose rows these are: what a corrected label makes a new version of. Null: rows of a file. */
      versionId: id.nullable(),
      /**
       * What taking every suggestion of `label-errors` would make of the first run's accuracy on these rows, without its
       * being any better.
       */
      ifRelabelled: z.object({ accuracy: z.number(), accuracyAfter: z.number() }),
      /** How many rows each filter would give; `right-wrong` only with both ids. */
      counts: z.record(z.string(), count),
    }),
  ),
  'compare/calibration': method({ id }, { calibration: calibrationSchema.nullable() }),
  /** `by`: null for the text's length, else a column. */
  'compare/slices': method(
    { ids, by: z.string().nullable().default(null) },
    { slices: slicesSchema.nullable(), columns: z.array(z.string()) },
  ),
  /** The same settings on another version of the data: goes to the end of the queue. */
  'compare/retrain': method({ id, versionId: id }, { experiment: experimentSchema }),
  /**
   * Looks for likely label errors among the rows of a split by cross-prediction with a probe on the model's frozen
   * vectors; null: all rows. A job; what it found last is kept with the version.
   */
  'compare/cross-predict': method({ versionId: id, split: z.string().nullable(), modelId: id }, job),
  'compare/label-errors': method(
    { versionId: id, ...range },
    { found: crossPredictionSchema.nullable(), items: z.array(labelErrorSchema) },
  ),
  'compare/list-saved': method(nothing, { saved: z.array(savedComparisonSchema) }),
  'compare/save': method(
    { name: givenName, ids, baselineId: id.nullable() },
    { saved: savedComparisonSchema },
  ),
  'compare/forget': method({ id }, nothing),
};
