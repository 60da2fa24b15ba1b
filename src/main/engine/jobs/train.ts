import { z } from 'zod';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import type { JobContext, TrainResult } from '../jobs.ts';
import { train } from '../training/train.ts';

const inputSchema = z.object({
  /** As `parseTrainConfig` gave it, or as a person wrote it. */
  config: z.record(z.string(), z.unknown()),
  baseDir: z.string(),
  baseName: z.string().optional(),
  outputDir: z.string(),
  resume: z.boolean(),
});

/** Input of the job `train`. */
export type TrainJobInput = z.infer<typeof inputSchema>;

/** One experiment in a folder of its own, from its beginning or from its last checkpoint. */
export async function trainJob(input: unknown, context: JobContext): Promise<TrainResult> {
  const { config, ...rest } = inputSchema.parse(input);
  return train({ ...rest, config: parseTrainConfig(config, 'run.json').config, overwrite: true }, context);
}
