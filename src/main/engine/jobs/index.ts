import type { JobContext } from '../jobs.ts';

/** A job of the engine process: checks its input and gives a value that can be cloned. Throws faults. */
export type EngineJob = (input: unknown, context: JobContext) => Promise<unknown>;

/** What an engine process can do, by name. Each is loaded only when it is asked for. */
export const engineJobs: Readonly<Record<string, EngineJob>> = {
  train: async (input, context) => (await import('./train.ts')).trainJob(input, context),
  time: async (input, context) => (await import('./time.ts')).timeJob(input, context),
  baselines: async (input, context) => (await import('./baselines.ts')).baselinesJob(input, context),
};
