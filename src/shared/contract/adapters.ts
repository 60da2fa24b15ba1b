import { z } from 'zod';
import { evaluationSchema } from './experiments.ts';
import {
  count,
  faultSchema,
  givenName,
  givenNameOrNone,
  id,
  job,
  method,
  nothing,
  sha256,
  time,
} from './message.ts';

export const adapterSchema = z.object({
  id,
  name: z.string(),
  /** What made it: an experiment, a folder of the person's own, or other adapters. */
  origin: z.enum(['experiment', 'imported', 'merged']),
  experimentId: id.nullable(),
  modelId: id.nullable(),
  modelName: z.string(),
  peftType: z.string(),
  rank: count.nullable(),
  labels: z.array(z.string()),
  bytes: count,
  /** False: its files are gone. */
  present: z.boolean(),
  sha256,
  folder: z.string(),
  exports: count,
  createdAt: time,
});
export type Adapter = z.infer<typeof adapterSchema>;

export const combinationSchema = z.enum([
  'linear',
  'cat',
  'svd',
  'ties',
  'ties_svd',
  'magnitude_prune',
  'magnitude_prune_svd',
  'dare_linear',
  'dare_linear_svd',
  'dare_ties',
  'dare_ties_svd',
]);

export const adapterDetailSchema = z.object({
  adapter: adapterSchema,
  /** From the data to the exports; null where it is not known. */
  lineage: z.object({
    data: z
      .object({ datasetId: id, versionId: id, name: z.string(), number: z.number().int(), rows: count })
      .nullable(),
    experiment: z
      .object({ id, name: z.string(), accuracy: z.number().nullable(), finishedAt: time.nullable() })
      .nullable(),
    /** `matches` false: the base's weights are not those that it was trained on, with what differs. */
    base: z.object({
      modelId: id.nullable(),
      name: z.string(),
      sha256: sha256.nullable(),
      matches: z.boolean().nullable(),
      reason: z.string().nullable(),
    }),
    /** Adapters that it was merged from, with their weights. */
    parts: z.array(z.object({ id, name: z.string(), weight: z.number() })),
    exports: z.array(z.object({ id, name: z.string(), createdAt: time, passed: z.boolean().nullable() })),
  }),
  /** adapter_config.json as it stands. */
  config: z.record(z.string(), z.unknown()),
  /** Why it cannot be used as it is: it lacks layers that it needs. */
  problem: faultSchema.nullable(),
});
export type AdapterDetail = z.infer<typeof adapterDetailSchema>;

/** An adapter on a split of a data set version; null: on all its rows. */
export const evaluationElsewhereSchema = z.object({
  versionId: id,
  dataName: z.string(),
  split: z.string().nullable(),
  evaluation: evaluationSchema,
  at: time,
});

const several = { ids: z.array(id).min(1) };
export const adapterMethods = {
  'adapters/list': method(nothing, { adapters: z.array(adapterSchema) }),
  'adapters/read': method({ id }, adapterDetailSchema),
  /** A PEFT folder (.safetensors or .bin), checked against the base before anything is stored, and copied. */
  'adapters/import': method(
    { folder: z.string(), modelId: id, name: givenNameOrNone },
    { adapter: adapterSchema },
  ),
  /** One adapter from several on one base, as PEFT's add_weighted_adapter. A job whose result is the adapter's id. */
  'adapters/merge': method(
    {
      name: givenName,
      parts: z
        .array(z.object({ id, weight: z.number() }))
        .min(2)
        .max(20),
      combination: combinationSchema,
      density: z.number().gt(0).max(1).default(0.5),
      majoritySign: z.enum(['total', 'frequency']).default('total'),
      seed: z.number().int().min(0).max(4294967295).default(42),
    },
    job,
  ),
  /** Answers labelled rows of any version that has the adapter's labels; kept. A job. */
  'adapters/evaluate': method({ id, versionId: id, split: z.string().nullable() }, job),
  /** The newest first. */
  'adapters/evaluations': method({ id }, { evaluations: z.array(evaluationElsewhereSchema) }),
  'adapters/update': method({ id, name: givenName }, { adapter: adapterSchema }),
  /** What would go or lose its source with them. */
  'adapters/dependents': method(several, {
    exports: z.array(z.object({ id, name: z.string() })),
    adapters: z.array(z.object({ id, name: z.string() })),
  }),
  /** Can be undone with `restore` until storage is cleaned. */
  'adapters/remove': method(several, nothing),
  'adapters/restore': method(several, nothing),
};

export const adapterEvents = { 'adapters/changed': z.object({ id: id.nullable() }) };
