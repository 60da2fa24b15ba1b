import { z } from 'zod';
import { evaluate, type Evaluation } from '../evaluate.ts';
import type { JobContext } from '../jobs.ts';

const inputSchema = z.object({
  model: z.string(),
  adapter: z.string(),
  /** A file with labelled rows in the columns `text`, `label` and, for pairs, `text_pair`. */
  data: z.string(),
  pairs: z.boolean(),
  maxLength: z.number().int().positive().nullable(),
});

/** Input of the job `evaluate`. */
export type EvaluateInput = z.infer<typeof inputSchema>;

/** Metrics of a model with its adapter on labelled rows. Writes nothing. */
export async function evaluateJob(input: unknown, context: JobContext): Promise<Evaluation> {
  const { model, adapter, data, pairs, maxLength } = inputSchema.parse(input);
  return evaluate(
    {
      model,
      adapter,
      data,
      rows: { textColumn: 'text', labelColumn: 'label', ...(pairs && { textPairColumn: 'text_pair' }) },
      precision: 'fp32',
      ...(maxLength !== null && { maxLength }),
    },
    context,
  );
}
