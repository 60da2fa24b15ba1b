import { z } from 'zod';
import { faultSchema, id, method, nothing, time } from './message.ts';

/** Long work that is not an experiment: a download, an import, a report. */
export const jobSchema = z.object({
  id,
  kind: z.enum([
    'download',
    'import',
    'report',
    'hash',
    'split',
    'repair',
    'merge',
    'export',
    'verify',
    'predict',
    'runtime',
  ]),
  /** "Importing reviews.csv" */
  title: z.string(),
  state: z.enum(['running', 'paused', 'done', 'failed', 'cancelled']),
  phase: z.string(),
  done: z.number(),
  /** 0: not known. */
  total: z.number(),
  unit: z.string(),
  startedAt: time,
  /** Units a second, over the last seconds. */
  rate: z.number().nullable(),
  fault: faultSchema.nullable(),
  /** What came of it: the id of a model, or of a data set version. */
  result: z.string().nullable(),
  canPause: z.boolean(),
});
export type Job = z.infer<typeof jobSchema>;

export const jobMethods = {
  'jobs/list': method(nothing, { jobs: z.array(jobSchema) }),
  /** Nothing half done stays behind. */
  'jobs/cancel': method({ id }, nothing),
  'jobs/pause': method({ id }, nothing),
  'jobs/resume': method({ id }, nothing),
  'jobs/dismiss': method({ id }, nothing),
};

export const jobEvents = { 'jobs/changed': jobSchema };
