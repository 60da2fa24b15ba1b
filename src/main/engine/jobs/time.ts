import { z } from 'zod';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import type { JobContext } from '../jobs.ts';
import { timeRun, type TimedRun } from '../training/time-steps.ts';

const inputSchema = z.object({
  /** As `parseTrainConfig` gave it; its model is a folder. */
  config: z.record(z.string(), z.unknown()),
  /** Where its data files are. */
  baseDir: z.string(),
});

/** Times a run without running it. Writes nothing. */
export async function timeJob(input: unknown, context: JobContext): Promise<TimedRun> {
  const { config, baseDir } = inputSchema.parse(input);
  return timeRun(parseTrainConfig(config, 'run.json').config, baseDir, context);
}
