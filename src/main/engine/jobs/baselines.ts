import { z } from 'zod';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { baselines, type BaselineResult } from '../baselines/baselines.ts';
import type { JobContext } from '../jobs.ts';

const inputSchema = z.object({
  /** As `parseTrainConfig` gave it; its model is a folder. */
  config: z.record(z.string(), z.unknown()),
  /** Where its data files are. */
  baseDir: z.string(),
});

/** What costs nothing to reach on the rows of a run. Writes nothing. */
export async function baselinesJob(input: unknown, context: JobContext): Promise<BaselineResult> {
  const { config, baseDir } = inputSchema.parse(input);
  return baselines(parseTrainConfig(config, 'run.json').config, baseDir, context);
}
