import { z } from 'zod';
import {
  count,
  faultSchema,
  givenName,
  givenNameOrNone,
  id,
  method,
  nothing,
  page,
  range,
  time,
  windowName,
} from './message.ts';
import { rowSchema } from './datasets.ts';

const selectSchema = z
  .object({
    shuffle_seed: z.number().int().nullable().default(null),
    count: z.number().int().positive().nullable().default(null),
  })
  .nullable()
  .default(null);

/** What a person chose: the form's content, before defaults are filled in. One spec, run once, is an experiment. */
export const specSchema = z.object({
  name: givenNameOrNone,
  modelId: id,
  versionId: id,
  data: z
    .object({
      /** Rows of this split train; null: all rows. */
      trainSplit: z.string().nullable().default(null),
      /** Rows of this split are evaluated; null: see `split`. */
      evalSplit: z.string().nullable().default(null),
      trainSelect: selectSchema,
      evalSelect: selectSchema,
      /** Sets training rows aside where there is no split to evaluate. */
      split: z.object({ test_size: z.number(), seed: z.number().int() }).nullable().default(null),
      maxLength: z.number().int().nullable().default(null),
      padding: z.enum(['longest', 'max_length']).default('longest'),
    })
    .prefault({}),
  /** The fields of adapter_config.json, peft_type included. */
  adapter: z.record(z.string(), z.unknown()),
  /** The names of TrainingArguments; what is left out has its default. */
  training: z.record(z.string(), z.unknown()).default({}),
  modelOverrides: z.record(z.string(), z.unknown()).default({}),
  /** The adapter of the library that is init_adapter of the config. */
  initAdapterId: id.optional(),
  tags: z.array(z.string().max(60)).max(20).default([]),
});
export type ExperimentSpec = z.infer<typeof specSchema>;

export const stateSchema = z.enum([
  'queued',
  'starting',
  'running',
  'paused',
  /** The engine or the app ended in the middle; `fault` says how. */
  'interrupted',
  'failed',
  /** A person ended it and kept what was learnt. */
  'stopped',
  'finished',
]);
export type ExperimentState = z.infer<typeof stateSchema>;

/** A line of every list of experiments. */
export const experimentSchema = z.object({
  id,
  name: z.string(),
  state: stateSchema,
  modelId: id.nullable(),
  modelName: z.string(),
  datasetId: id.nullable(),
  versionId: id.nullable(),
  dataName: z.string(),
  task: z.string(),
  method: z.string(),
  seed: z.number().int(),
  /** What tells runs apart in a list; null where the method or the run has none. */
  settings: z.object({
    rank: z.number().nullable(),
    targets: z.string().nullable(),
    learningRate: z.number().nullable(),
    epochs: z.number().nullable(),
    batchSize: z.number().nullable(),
    maxLength: z.number().nullable(),
  }),
  step: count,
  totalSteps: count,
  epoch: z.number(),
  /** Seconds; null where it is not known. */
  timeLeft: z.number().nullable(),
  loss: z.number().nullable(),
  /** Numbers of an evaluation, by name: accuracy, f1_macro, loss, …; of a finished one of the weights that it keeps. */
  metrics: z.record(z.string(), z.number()).nullable(),
  /** Classes with rows that the kept weights never answer; null: not known. */
  unanswered: z.array(z.string()).nullable(),
  trainable: count.nullable(),
  allParameters: count.nullable(),
  tokensPerSecond: z.number().nullable(),
  peakMemoryMb: z.number().nullable(),
  /** Steps of training alone. */
  trainSeconds: z.number().nullable(),
  evalSeconds: z.number().nullable(),
  /** From the start of its process to its end, over all of them: a pause does not count. */
  wallSeconds: z.number().nullable(),
  device: z.string().nullable(),
  precision: z.string(),
  /** Whether there is a checkpoint to go on from, and its step. */
  checkpointStep: count.nullable(),
  /** Place in the queue, from 1. */
  queuePlace: count.nullable(),
  fault: faultSchema.nullable(),
  tags: z.array(z.string()),
  starred: z.boolean(),
  archived: z.boolean(),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
});
export type Experiment = z.infer<typeof experimentSchema>;

const baselineSchema = z.object({ accuracy: z.number(), f1_macro: z.number() });
export const baselinesSchema = z.object({
  majority: baselineSchema.extend({ label: z.string() }),
  /** The base's own head where its labels are the data's; else null, and why. */
  ownHead: baselineSchema.nullable(),
  ownHeadReason: z.string().nullable(),
  linearProbe: baselineSchema.nullable(),
  /** Rows that own head and probe answered, and that the probe learnt from: a part where there are many. */
  evalRows: count.optional(),
  probeRows: count.optional(),
});
export type Baselines = z.infer<typeof baselinesSchema>;

/** What the first steps moved, by checksums of all parameters before and after. */
export const movedSchema = z.object({
  moved: z.array(z.string()),
  /** Parameters that train and are as they were. */
  unmoved: z.array(z.string()).default([]),
  /** How many frozen parameters are as they were. */
  frozen: count,
  /** Frozen parameters that changed all the same. */
  unexpected: z.array(z.string()),
});
export type Moved = z.infer<typeof movedSchema>;

export const experimentDetailSchema = z.object({
  experiment: experimentSchema,
  notes: z.string(),
  spec: specSchema.nullable(),
  /** As it really ran: every setting, defaults filled in. */
  config: z.record(z.string(), z.unknown()),
  /** Paths of settings whose value is not the default ("training.learning_rate"). */
  changed: z.array(z.string()),
  folder: z.string(),
  adapterId: id.nullable(),
  baselines: baselinesSchema.nullable(),
  moved: movedSchema.nullable(),
  newlyInitialized: z.array(z.string()),
});
export type ExperimentDetail = z.infer<typeof experimentDetailSchema>;

/** A logged step: in the events file, on its way from the engine, in the store and in curves. */
export const stepSchema = z.object({
  step: z.number(),
  epoch: z.number(),
  loss: z.number(),
  learning_rate: z.number(),
  grad_norm: z.number(),
  tokens_per_second: z.number(),
});
export type Step = z.infer<typeof stepSchema>;
export const stepFields = stepSchema.keyof().options;

/** Logged steps as columns of equal length: 100,000 of them must cross a transport quickly. */
export const curveSchema = z.record(stepSchema.keyof(), z.array(z.number()));
export type Curve = z.infer<typeof curveSchema>;
export const evaluationPointSchema = z.object({
  step: count,
  epoch: z.number(),
  metrics: z.record(z.string(), z.number()),
});
export type EvaluationPoint = z.infer<typeof evaluationPointSchema>;

/** What the run's task has to say beside its numbers stands in it too. */
export const evaluationSchema = z.looseObject({
  /** Names of the head's outputs. */
  labels: z.array(z.string()),
  rows: count,
  metrics: z.record(z.string(), z.number()),
});
export type Evaluation = z.infer<typeof evaluationSchema>;

export const predictionSchema = z.object({
  row: rowSchema,
  expected: z.string(),
  predicted: z.string(),
  /** How sure the model is of it, and how near it is to what was expected: of classes their probabilities. */
  score: z.number(),
  expectedScore: z.number(),
});
export type PredictionRow = z.infer<typeof predictionSchema>;

export const preflightFindingSchema = z.object({
  code: z.string(),
  weight: z.enum(['error', 'warning', 'info', 'good']),
  message: z.string(),
  detail: z.string().nullable(),
  /** A change of the spec that mends it, as a JSON merge patch; or a page to look at. */
  repair: z
    .object({
      label: z.string(),
      patch: z.record(z.string(), z.unknown()).nullable(),
      link: z.string().nullable(),
    })
    .nullable(),
});
export type PreflightFinding = z.infer<typeof preflightFindingSchema>;

export const preflightSchema = z.object({
  trainable: count.nullable(),
  allParameters: count.nullable(),
  trainRows: count,
  evalRows: count,
  steps: count,
  adapterBytes: count.nullable(),
  diskBytes: count.nullable(),
  diskFreeBytes: count.nullable(),
  findings: z.array(preflightFindingSchema),
  /** False: it cannot start; the findings of weight `error` say why. */
  canStart: z.boolean(),
});
export type Preflight = z.infer<typeof preflightSchema>;

/** The part of a pre-flight that runs the model: takes seconds and comes after the rest. */
export const timingSchema = z.object({
  secondsPerStep: z.number(),
  totalSeconds: z.number(),
  peakMemoryMb: z.number(),
  memoryFreeMb: z.number(),
  baselines: baselinesSchema,
});
export type Timing = z.infer<typeof timingSchema>;

export const presetSchema = z.object({
  key: z.string(),
  name: z.string(),
  help: z.string(),
  adapter: z.record(z.string(), z.unknown()),
  training: z.record(z.string(), z.unknown()),
});
export type Preset = z.infer<typeof presetSchema>;

export const logLineSchema = z.object({
  at: time,
  level: z.enum(['info', 'warning', 'error']),
  message: z.string(),
});
export type LogLine = z.infer<typeof logLineSchema>;

const draftOf = { window: windowName };
export const experimentMethods = {
  'experiments/list': method(
    { archived: z.boolean().default(false) },
    { experiments: z.array(experimentSchema) },
  ),
  'experiments/read': method({ id }, experimentDetailSchema),
  /** Adds an experiment to the end of the queue; it starts when the device is free. */
  'experiments/create': method({ spec: specSchema }, { experiment: experimentSchema }),
  /** Keeps a checkpoint and frees the device. */
  'experiments/pause': method({ id }, nothing),
  /** Goes on from the last checkpoint: a paused, interrupted, stopped or failed experiment goes back to the queue. */
  'experiments/resume': method({ id }, nothing),
  /** Ends it and keeps what was learnt; in the queue: takes it out. */
  'experiments/stop': method({ id }, nothing),
  /** A new experiment with the same spec. */
  'experiments/retry': method({ id }, { experiment: experimentSchema }),
  /** `place` from 1. */
  'experiments/move': method({ id, place: z.number().int().positive() }, nothing),
  'experiments/update': method(
    {
      id,
      name: givenName.optional(),
      notes: z.string().max(100_000).optional(),
      tags: z.array(z.string().min(1).max(60)).max(20).optional(),
      starred: z.boolean().optional(),
      archived: z.boolean().optional(),
    },
    { experiment: experimentSchema },
  ),
  /** Can be undone with `restore` until storage is cleaned. */
  'experiments/remove': method({ ids: z.array(id).min(1) }, nothing),
  'experiments/restore': method({ ids: z.array(id).min(1) }, nothing),
  'experiments/curve': method(
    { id, afterStep: z.number().int().default(-1) },
    { curve: curveSchema, evaluations: z.array(evaluationPointSchema) },
  ),
  'experiments/evaluation': method({ id }, { evaluation: evaluationSchema.nullable() }),
  'experiments/predictions': method(
    {
      id,
      expected: z.string().nullable().default(null),
      predicted: z.string().nullable().default(null),
      only: z.enum(['all', 'wrong', 'right']).default('all'),
      /** `confident`: the surest first; `worst`: the expected class least likely first; `best`: the reverse. */
      order: z.enum(['row', 'confident', 'worst', 'best']).default('row'),
      ...range,
    },
    page(predictionSchema),
  ),
  'experiments/log': method({ id, ...range }, page(logLineSchema)),
  'experiments/files': method(
    { id },
    {
      files: z.array(z.object({ path: z.string(), bytes: count, present: z.boolean() })),
    },
  ),
  'experiments/presets': method({ modelId: id.nullable() }, { presets: z.array(presetSchema) }),
  'experiments/preflight': method({ spec: specSchema }, preflightSchema),
  'experiments/time': method({ spec: specSchema }, timingSchema),
  /** Each window has a draft of its own. */
  'experiments/save-draft': method({ spec: specSchema.partial(), ...draftOf }, nothing),
  /** Of a window without one: the draft that was changed last. */
  'experiments/read-draft': method(z.object(draftOf), { spec: specSchema.partial().nullable() }),
};

export const experimentEvents = {
  /** At most four a second for one experiment. */
  'experiments/changed': experimentSchema,
  'experiments/removed': z.object({ ids: z.array(id) }),
  /** Points logged since the last event. */
  'experiments/points': z.object({ id, curve: curveSchema, evaluations: z.array(evaluationPointSchema) }),
};
