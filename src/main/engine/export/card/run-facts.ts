import { methodOf } from '../../../../shared/methods/index.ts';
import path from 'node:path';
import { z } from 'zod';
import { readJsonFile } from '../../formats/json.ts';

/** What a run left beside its adapter: metrics.json, as far as a card tells it. */
const runSchema = z.object({
  steps: z.number(),
  parameters: z.object({ trainable: z.number(), all: z.number(), trainable_percent: z.number() }),
  metrics: z
    .object({ accuracy: z.number(), f1_macro: z.number(), mcc: z.number(), eval_rows: z.number().optional() })
    .partial()
    .nullable(),
});
export type RunFacts = z.infer<typeof runSchema>;

/** null where the adapter did not come from a run of ours. */
export async function readRunFacts(adapter: string | undefined): Promise<RunFacts | null> {
  if (adapter === undefined) return null;
  const json = await readJsonFile(path.join(adapter, 'metrics.json')).catch(() => null);
  return runSchema.safeParse(json).data ?? null;
}

/** adapter_config.json's settings that a reader wants; empty without an adapter. */
export async function readAdapterFacts(adapter: string | undefined): Promise<Record<string, unknown>> {
  if (adapter === undefined) return {};
  const json = await readJsonFile(path.join(adapter, 'adapter_config.json')).catch(() => ({}));
  const fields = z.record(z.string(), z.unknown()).safeParse(json).data ?? {};
  const told = ['peft_type', ...(methodOf(fields['peft_type'])?.onCard ?? [])];
  return Object.fromEntries(told.filter((key) => fields[key] != null).map((key) => [key, fields[key]]));
}
