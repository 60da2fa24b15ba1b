import { z } from 'zod';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { crossPredict, type CrossPrediction } from '../baselines/cross-predict.ts';
import type { JobContext } from '../jobs.ts';

const inputSchema = z.object({
  /** As `parseTrainConfig` gave it; its model is a folder. */
  config: z.record(z.string(), z.unknown()),
  /** Where its data files are. */
  baseDir: z.string(),
});

/** Likely label errors among the training rows of a config. Writes nothing. */
export async function crossPredictJob(input: unknown, context: JobContext): Promise<CrossPrediction> {
  const { config, baseDir } = inputSchema.parse(input);
  return crossPredict(parseTrainConfig(config, 'run.json').config, baseDir, context);
}
