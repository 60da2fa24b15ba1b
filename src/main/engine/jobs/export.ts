import path from 'node:path';
import { z } from 'zod';
import type { JobContext, JobEvent } from '../jobs.ts';
import { exportTargets, type TargetReport } from '../export/export-targets.ts';
import { targetKeys, weightPrecisions, type TargetKey } from '../export/targets.ts';
import { removeLeftovers } from '../formats/temporary.ts';

const inputSchema = z.object({
  /** Folders. */
  model: z.string(),
  adapter: z.string().nullable(),
  /** Of the export: each target gets a folder of its name inside. */
  output: z.string(),
  targets: z.array(z.enum(targetKeys)).min(1),
  /** Of merged safetensors. */
  precision: z.enum(weightPrecisions),
  mostPointsLost: z.number(),
  pooling: z.enum(['mean', 'cls']).nullable(),
  overwrite: z.boolean(),
  /** JSON Lines with `text`, `label`, and `text_pair` where the model reads pairs. */
  verify: z.string().nullable(),
  maxLength: z.number().int().positive().nullable(),
  names: z.object({ export: z.string(), model: z.string(), data: z.string().nullable() }),
  settings: z.record(z.string(), z.unknown()).nullable(),
});

type TargetEvent = Extract<JobEvent, { type: 'target' }>;

/**
 * Makes and proves all targets; each is told by an event `target` as it begins and as it ends. A stop is an end like
 * any other: what was proven stays.
 */
export async function exportJob(input: unknown, context: JobContext): Promise<{ targets: TargetEvent[] }> {
  const { model, adapter, output, verify, maxLength, names, settings, ...rest } = inputSchema.parse(input);
  // What a process that was killed here left half written.
  await removeLeftovers(output);
  const reports = await exportTargets(
    {
      ...rest,
      model,
      adapter: adapter ?? undefined,
      targets: rest.targets.map((target) => ({ target, folder: path.join(output, target) })),
      rows: verify === null ? null : { file: verify, labelColumn: 'label' },
      maxLength: maxLength ?? undefined,
      card: { name: names.export, modelName: names.model, dataName: names.data, settings },
    },
    context,
    (report) => {
      if (report.state !== 'cancelled') context.onEvent(eventOf(report));
    },
    (target, folder) => context.onEvent(begun(target, folder)),
  );
  return { targets: reports.map(eventOf) };
}

function begun(target: TargetKey, folder: string): TargetEvent {
  const nothing = { bytes: 0, reason: null, outcome: null, snippets: [] };
  return { type: 'target', state: 'writing', target, folder, ...nothing };
}

function eventOf({ target, state, folder, reason, verification }: TargetReport): TargetEvent {
  const { bytes = 0, outcome = null, snippets = [] } = verification ?? {};
  return { type: 'target', target, state, folder, bytes, reason, outcome, snippets };
}
