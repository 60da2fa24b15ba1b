import { z } from 'zod';
import { parseTrainConfig, type TrainConfig } from '../../../shared/settings/train-config.ts';
import type { JobContext, JobEvent } from '../jobs.ts';
import { loraFields } from '../peft/test-support.ts';

/** A config for the golden bert, with every setting that is not given at its default. */
export function trainConfig(given: Record<string, unknown>): TrainConfig {
  const defaults = { model: 'model', data: { train: 'train.csv' }, adapter: loraFields };
  return parseTrainConfig({ ...defaults, ...given }, 'test').config;
}

/** A context that keeps every event, and can be stopped. */
export function watched(): { context: JobContext; events: JobEvent[]; stop: AbortController } {
  const stop = new AbortController();
  const events: JobEvent[] = [];
  return { stop, events, context: { signal: stop.signal, onEvent: (event) => void events.push(event) } };
}

const logLine = z.looseObject({
  type: z.enum(['step', 'evaluation']),
  step: z.number(),
  loss: z.number().optional(),
  learning_rate: z.number().optional(),
  grad_norm: z.number().optional(),
  metrics: z.record(z.string(), z.number()).optional(),
});

/** The lines of an events.jsonl without what depends on the clock. */
export function logLines(text: string): z.infer<typeof logLine>[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { tokens_per_second: _, ...rest } = logLine.parse(JSON.parse(line));
      return rest;
    });
}
