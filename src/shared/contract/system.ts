import { z } from 'zod';
import { count, id, job, method, nothing, time, windowName } from './message.ts';
import { experimentSchema } from './experiments.ts';

export const preferencesSchema = z.object({
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  /** Empty: the hub's own address, or HF_ENDPOINT. */
  hubEndpoint: z.string().default(''),
  /** Empty: the system's. */
  locale: z.string().default(''),
  notifyAtEnd: z.boolean().default(true),
  /** `graft://` links and file associations. */
  registerLinks: z.boolean().default(false),
});
export type Preferences = z.infer<typeof preferencesSchema>;

const partSchema = z.object({
  name: z.string(),
  state: z.enum(['good', 'warning', 'bad']),
  version: z.string().nullable(),
  detail: z.string(),
  remedy: z.string().nullable(),
});

export const statusSchema = z.object({
  version: z.string(),
  workspace: z.string(),
  host: z.enum(['desktop', 'web', 'cli']),
  /** "CPU · 2 cores · bf16"; null while it is being found out. */
  device: z.string().nullable(),
  cpuCores: count,
  memoryTotalMb: z.number(),
  memoryFreeMb: z.number(),
  diskFreeBytes: count,
  counts: z.object({ datasets: count, models: count, experiments: count, adapters: count, exports: count }),
  /** The experiment that runs now. */
  running: experimentSchema.nullable(),
  queued: count,
});
export type SystemStatus = z.infer<typeof statusSchema>;

const storageItemSchema = z.object({
  key: z.string(),
  /** "Checkpoints of finished experiments" */
  name: z.string(),
  bytes: count,
  files: count,
  cleanable: z.boolean(),
  /** What cleaning would delete, the largest first. */
  entries: z.array(z.object({ path: z.string(), bytes: count, what: z.string() })),
});

const decisionSchema = z.object({
  kind: z.enum(['interrupted', 'failed', 'missing', 'finding']),
  title: z.string(),
  detail: z.string(),
  /** The page to go to. */
  link: z.string(),
  experimentId: id.nullable(),
});

export const systemMethods = {
  'system/status': method(nothing, statusSchema),
  'system/home': method(nothing, {
    running: experimentSchema.nullable(),
    decisions: z.array(decisionSchema),
    /** The last ones finished, newest first, with a sentence against the best before on the same data. */
    finished: z.array(z.object({ experiment: experimentSchema, verdict: z.string() })),
  }),
  /** Takes seconds: measures what TensorFlow really uses. */
  'system/doctor': method(nothing, { parts: z.array(partSchema), checkedAt: time }),
  /** The runtime for NVIDIA GPUs: what is installed beside the one inside the app. */
  'system/runtime': method(nothing, {
    /** False where there is none for this platform. */
    available: z.boolean(),
    hasDriver: z.boolean(),
    installed: z
      .object({ tensorflow: z.string(), bytes: count, folder: z.string(), used: z.boolean() })
      .nullable(),
  }),
  /** Installs an archive, a file or an address: a job. */
  'system/install-runtime': method({ source: z.string().min(1).max(4000) }, job),
  'system/remove-runtime': method(nothing, nothing),
  'system/storage': method(nothing, { items: z.array(storageItemSchema), total: count }),
  'system/clean': method({ keys: z.array(z.string()).min(1) }, { freed: count }),
  'system/licences': method(nothing, {
    packages: z.array(z.object({ name: z.string(), version: z.string(), licence: z.string() })),
  }),
  /** The host's own dialog; null where it has none (a browser) or the person closed it. */
  'system/pick': method(
    { kind: z.enum(['data-files', 'data-folder', 'model-folder', 'script', 'output-folder']) },
    { paths: z.array(z.string()).nullable() },
  ),
  /** For hosts without a dialog: folders and files of the machine that serves. */
  'system/browse': method(
    { folder: z.string().nullable() },
    {
      folder: z.string(),
      parent: z.string().nullable(),
      entries: z.array(z.object({ name: z.string(), path: z.string(), folder: z.boolean(), bytes: count })),
    },
  ),
  /** Text that was dropped into a browser window: stored in the workspace's inbox, its path comes back. */
  'system/receive-file': method(
    {
      name: z.string().min(1).max(255),
      base64: z.string(),
      last: z.boolean(),
      uploadId: id.nullable(),
    },
    { uploadId: id, path: z.string().nullable() },
  ),
  /** Shows a folder in the system's file manager; false where the host cannot. */
  'system/reveal': method({ path: z.string() }, { shown: z.boolean() }),
  /** The sample project: imports the data, adds the model, fills the draft of a window. Starts a job. */
  'system/open-sample': method({ window: windowName }, job),
  'settings/read': method(nothing, {
    preferences: preferencesSchema,
    hasToken: z.boolean(),
    keyStore: z.boolean(),
  }),
  'settings/write': method({ preferences: preferencesSchema.partial() }, { preferences: preferencesSchema }),
  /** The token goes to the host's key store and never comes back. */
  'settings/set-token': method({ token: z.string().min(1).max(500).nullable() }, nothing),
};

export const systemEvents = {
  'settings/changed': preferencesSchema,
  'system/status': statusSchema,
  /** The backend came back after it had ended: read everything anew. */
  'system/restarted': z.object({}),
};
