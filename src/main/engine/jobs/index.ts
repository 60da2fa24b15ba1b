import { z } from 'zod';
import { parseTrainConfig, type TrainConfig } from '../../../shared/settings/train-config.ts';
import { precisions, type Precision } from '../../../shared/settings/training.ts';
import type { EngineJobContext, JobContext } from '../jobs.ts';

/** A job of the engine process: checks its input and gives a value that can be cloned. Throws faults. */
export type EngineJob = (input: unknown, context: EngineJobContext) => Promise<unknown>;

/** A job whose input a schema describes. */
const job =
  <Schema extends z.ZodType>(
    schema: Schema,
    work: (input: z.output<Schema>, context: JobContext) => Promise<unknown>,
  ): EngineJob =>
  (input, context) =>
    work(schema.parse(input), context);

const runSchema = z.object({
  /** As `parseTrainConfig` gave it; its model is a folder. */
  config: z.record(z.string(), z.unknown()),
  /** Where its data files are. */
  baseDir: z.string(),
});

/** One that only looks at a run, and writes nothing. */
const ofRun = (
  work: (config: TrainConfig, baseDir: string, context: JobContext) => Promise<unknown>,
): EngineJob => job(runSchema, ({ config, baseDir }, context) => work(configOf(config), baseDir, context));

const configOf = (config: unknown): TrainConfig => parseTrainConfig(config, 'run.json').config;

/** One experiment in a folder of its own, from its beginning or from its last checkpoint. */
const trainSchema = runSchema.extend({
  baseName: z.string().optional(),
  outputDir: z.string(),
  resume: z.boolean(),
});

/** Metrics of a model with its adapter on labelled rows. */
const evaluateSchema = z.object({
  model: z.string(),
  adapter: z.string(),
  /** A file with labelled rows in the columns `text`, `label` and, for pairs, `text_pair`. */
  data: z.string(),
  pairs: z.boolean(),
  maxLength: z.number().int().positive().nullable(),
});
/** The folder of one target of an export; `base`: the base model's, for an adapter. */
const verifySchema = z.object({ folder: z.string(), base: z.string().nullable() });

/** What an engine process can do, by name. Each is loaded only when it is asked for. */
export const engineJobs: Readonly<Record<string, EngineJob>> = {
  train: job(trainSchema, async ({ config, ...rest }, context) => {
    const { train } = await import('../training/train.ts');
    return train({ ...rest, config: configOf(config), overwrite: true }, context);
  }),
  time: ofRun(async (...run) => (await import('../training/time-steps.ts')).timeRun(...run)),
  baselines: ofRun(async (...run) => (await import('../baselines/baselines.ts')).baselines(...run)),
  'cross-predict': ofRun(async (...run) =>
    (await import('../baselines/cross-predict.ts')).crossPredict(...run),
  ),
  evaluate: job(evaluateSchema, async ({ pairs, maxLength, ...folders }, context) => {
    const { evaluate } = await import('../evaluate.ts');
    const rows = { textColumn: 'text', labelColumn: 'label', ...(pairs && { textPairColumn: 'text_pair' }) };
    const length = maxLength === null ? {} : { maxLength };
    return evaluate({ ...folders, ...length, rows, precision: 'fp32' }, context);
  }),
  verify: job(verifySchema, async ({ folder, base }, context) => {
    const { verifyExport } = await import('../export/verify-export.ts');
    const { verification: _, ...report } = await verifyExport(folder, context, base ?? undefined);
    return report;
  }),
  export: async (input, context) => (await import('./export.ts')).exportJob(input, context),
  answer: async (input, context) => (await import('./answer.ts')).answerJob(input, context),
  'merge-adapters': async (input, context) =>
    (await import('./merge-adapters.ts')).mergeAdaptersJob(input, context),
  'predict-file': async (input, context) =>
    (await import('./predict-file.ts')).predictFileJob(input, context),
};

const precisionSchema = z.object({
  config: z.object({ training: z.object({ precision: z.enum(precisions) }) }),
});

/** What TensorFlow has to be loaded for: the precision of a run, or of timing one; all else is answered in fp32. */
export function precisionOf(name: string, input: unknown): Precision {
  const run = name === 'train' || name === 'time' ? precisionSchema.safeParse(input) : undefined;
  return run?.data?.config.training.precision ?? 'fp32';
}
