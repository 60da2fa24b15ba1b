import { z } from 'zod';
import { classMetricsSchema } from '../../../shared/contract/experiments.ts';

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
  z.object({
    type: z.literal('step'),
    step: z.number(),
    epoch: z.number(),
    loss: z.number(),
    learning_rate: z.number(),
    grad_norm: z.number(),
    tokens_per_second: z.number(),
  }),
  z.object({ type: z.literal('evaluation'), step: z.number(), epoch: z.number(), metrics }),
  z.object({ type: z.literal('checkpoint'), step: z.number() }),
  z.object({
    type: z.literal('moved'),
    moved: z.array(z.string()),
    unmoved: z.array(z.string()),
    frozen: z.number(),
    unexpected: z.array(z.string()),
  }),
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
  metrics: z
    .looseObject({
      per_class: z.array(classMetricsSchema),
      confusion_matrix: z.array(z.array(z.number())),
    })
    .nullable(),
});
export type ExperimentResult = z.infer<typeof trainResultSchema>;
