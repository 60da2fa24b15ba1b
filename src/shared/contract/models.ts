import { z } from 'zod';
import { count, faultSchema, id, job, method, nothing, page, range, sha256, time } from './message.ts';

export const modelSchema = z.object({
  id,
  /** A hub id, or the folder's name. */
  name: z.string(),
  source: z.enum(['folder', 'hub', 'cache', 'sample']),
  hubId: z.string().nullable(),
  revision: z.string().nullable(),
  folder: z.string(),
  /** False: the folder vanished or changed. `problem` says what is wrong. */
  present: z.boolean(),
  problem: z.string().nullable(),
  /** `model_type` of config.json. */
  architecture: z.string(),
  /** Whether the engine can train it; `unsupported` says why not. */
  supported: z.boolean(),
  unsupported: z.string().nullable(),
  parameters: count,
  layers: count.nullable(),
  hiddenSize: count.nullable(),
  maxLength: count.nullable(),
  /** Labels of the checkpoint's own classification head; null without one. */
  headLabels: z.array(z.string()).nullable(),
  /** What a head of another kind is for, and where that stands; null without one. */
  otherHead: z.string().nullable(),
  licence: z.string().nullable(),
  bytes: count,
  sha256: sha256.nullable(),
  addedAt: time,
  experiments: count,
});
export type Model = z.infer<typeof modelSchema>;

/** One line of `print(model)`. */
export const treeNodeSchema = z.object({
  path: z.string(),
  name: z.string(),
  type: z.string(),
  /** 0 for the root's children. */
  depth: count,
  parameters: count,
  shape: z.array(count).nullable(),
  /** What an adapter may touch: a linear layer. */
  adaptable: z.boolean(),
  /** The checkpoint lacks it: initialised, trained and saved. */
  newlyInitialized: z.boolean(),
});
export type TreeNode = z.infer<typeof treeNodeSchema>;

export const adapterPreviewSchema = z.object({
  /** Paths of the modules that would be adapted. */
  targets: z.array(z.string()),
  trainable: count,
  all: count,
  trainablePercent: z.number(),
  /** Bytes of the adapter file. */
  bytes: count,
  /** Modules that are trained and saved whole. */
  saved: z.array(z.string()),
  /** Names in target_modules that match nothing, each with the nearest name that the model has. */
  unmatched: z.array(z.object({ name: z.string(), nearest: z.string().nullable() })),
});
export type AdapterPreview = z.infer<typeof adapterPreviewSchema>;

export const tokenSchema = z.object({
  id: z.number().int(),
  text: z.string(),
  special: z.boolean(),
  unknown: z.boolean(),
});

export const hubModelSchema = z.object({
  hubId: z.string(),
  downloads: z.number().nullable(),
  likes: z.number().nullable(),
  pipeline: z.string().nullable(),
  updatedAt: z.string().nullable(),
  gated: z.boolean(),
  licence: z.string().nullable(),
  /** `model_type` of config.json. */
  architecture: z.string().nullable(),
  parameters: count.nullable(),
  /** Why it cannot be trained here; null also where nothing is known yet. */
  unsupported: z.string().nullable(),
  /** On this machine already (the Hugging Face cache's copy counts). */
  local: z.boolean(),
});
export type HubModel = z.infer<typeof hubModelSchema>;

const hubModelDetailSchema = hubModelSchema.extend({
  /** The commit that would be fetched. */
  revision: z.string(),
  labels: z.array(z.string()).nullable(),
  supported: z.boolean(),
  /** The files that would be fetched. */
  files: z.array(z.object({ path: z.string(), bytes: count, cached: z.boolean() })),
  bytes: count,
  /** The page where a gated model's terms are accepted. */
  gateUrl: z.string().nullable(),
});

/** What a checkpoint has otherwise than its model, as the loading report of transformers lists it. */
const loadingSchema = z.object({
  /** Parameters that the checkpoint lacks. */
  missing: z.array(z.string()),
  /** Tensors that the model has no parameter for, without what programs put around their names. */
  unexpected: z.array(z.string()),
  /** Parameters of another shape in the checkpoint. */
  mismatched: z.array(z.object({ name: z.string(), found: z.array(count), expected: z.array(count) })),
});
export type Loading = z.infer<typeof loadingSchema>;

export const modelMethods = {
  'models/list': method(nothing, { models: z.array(modelSchema) }),
  'models/read': method(
    { id },
    {
      model: modelSchema,
      tree: z.array(treeNodeSchema),
      /** Null where Graft does not train the model. */
      loading: loadingSchema.nullable(),
      licenceText: z.string().nullable(),
      /** What is to be said of the tokenizer's files. */
      tokenizerNotes: z.array(faultSchema),
    },
  ),
  'models/add-folder': method({ folder: z.string() }, { model: modelSchema }),
  /** Copies of supported models in the Hugging Face cache that are not in the list yet. */
  'models/cached': method(nothing, { models: z.array(hubModelSchema) }),
  /** The hub does not count: `total` is one more than was asked for where there are further ones. */
  'models/search': method({ query: z.string().max(200), ...range }, page(hubModelSchema)),
  /** `hubId` may name a revision: "org/name@revision". */
  'models/hub-info': method({ hubId: z.string() }, { model: hubModelDetailSchema }),
  /** Starts a job whose result is the model's id. */
  'models/download': method({ hubId: z.string() }, job),
  'models/remove': method({ id, deleteFiles: z.boolean().default(false) }, nothing),
  'models/restore': method({ id }, nothing),
  'models/tokenize': method(
    { id, text: z.string().max(100_000), textPair: z.string().max(100_000).optional() },
    { tokens: z.array(tokenSchema), unknown: count },
  ),
  /** What an adapter with these fields of adapter_config.json would touch. Throws peft faults. */
  'models/preview-adapter': method(
    {
      id,
      adapter: z.record(z.string(), z.unknown()),
      labels: z.array(z.string()).min(1).max(20_000),
    },
    adapterPreviewSchema,
  ),
};

export const modelEvents = { 'models/changed': z.object({ id: id.nullable() }) };
