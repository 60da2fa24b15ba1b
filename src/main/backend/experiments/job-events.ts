import { z } from 'zod';
import { evaluationPointSchema, movedSchema, stepSchema } from '../../../shared/contract/experiments.ts';

/** The engine's `JobEvent`s that an experiment keeps or shows. A number that is none (NaN) comes as null at times. */
const metrics = z
  .record(z.string(), z.number().nullable())
  .transform((all) =>
    Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
    ),
  );

export const jobEventSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('note'), message: z.string() }),
  z.object({ type: z.literal('progress'), phase: z.string(), done: z.number(), total: z.number() }),
  z.object({
    type: z.literal('started'),
    total_steps: z.number(),
    resumed_at: z.number(),
    parameters: z.object({ trainable: z.number(), all: z.number() }),
    newly_initialized: z.array(z.string()),
  }),
  stepSchema.extend({ type: z.literal('step') }),
  evaluationPointSchema.extend({ type: z.literal('evaluation'), metrics }),
  z.object({ type: z.literal('checkpoint'), step: z.number() }),
  movedSchema.extend({ type: z.literal('moved') }),
]);
export type ExperimentEvent = z.infer<typeof jobEventSchema>;

/** What `train` gives when it ends, as far as it is kept. */
export const trainResultSchema = z.object({
  status: z.enum(['finished', 'stopped']),
  steps: z.number(),
  train_loss: z.number(),
  train_runtime: z.number(),
  eval_runtime: z.number().nullable().default(null),
  tokens_per_second: z.number(),
  /** As metrics.json has them. */
  metrics: z.record(z.string(), z.unknown()).nullable(),
});
export type ExperimentResult = z.infer<typeof trainResultSchema>;
