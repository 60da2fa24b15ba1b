import { z } from 'zod';
import { precisions, type Precision } from '../../../shared/settings/training.ts';
import type { JobContext } from '../jobs.ts';

/** One question to a job that stays open: checked by the job, answered with a value that can be cloned. Throws faults. */
export type Answering = (input: unknown) => Promise<unknown>;

export interface EngineJobContext extends JobContext {
  /** Takes what questions are answered with; those that came before wait for it. */
  onAsk(answering: Answering): void;
}

/** A job of the engine process: checks its input and gives a value that can be cloned. Throws faults. */
export type EngineJob = (input: unknown, context: EngineJobContext) => Promise<unknown>;

/** What an engine process can do, by name. Each is loaded only when it is asked for. */
export const engineJobs: Readonly<Record<string, EngineJob>> = {
  train: async (input, context) => (await import('./train.ts')).trainJob(input, context),
  time: async (input, context) => (await import('./time.ts')).timeJob(input, context),
  baselines: async (input, context) => (await import('./baselines.ts')).baselinesJob(input, context),
  'cross-predict': async (input, context) =>
    (await import('./cross-predict.ts')).crossPredictJob(input, context),
  evaluate: async (input, context) => (await import('./evaluate.ts')).evaluateJob(input, context),
  export: async (input, context) => (await import('./export.ts')).exportJob(input, context),
  verify: async (input, context) => (await import('./verify.ts')).verifyJob(input, context),
  answer: async (input, context) => (await import('./answer.ts')).answerJob(input, context),
  'merge-adapters': async (input, context) =>
    (await import('./merge-adapters.ts')).mergeAdaptersJob(input, context),
  'predict-file': async (input, context) =>
    (await import('./predict-file.ts')).predictFileJob(input, context),
};

const runSchema = z.object({ config: z.object({ training: z.object({ precision: z.enum(precisions) }) }) });

/** What TensorFlow has to be loaded for: the precision of a run, or of timing one; all else is answered in fp32. */
export function precisionOf(job: string, input: unknown): Precision {
  const run = job === 'train' || job === 'time' ? runSchema.safeParse(input) : undefined;
  return run?.data?.config.training.precision ?? 'fp32';
}
