import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { fault } from '../../../../shared/faults/index.ts';
import { methodOf } from '../../../../shared/methods/index.ts';
import { controlCharacter } from '../../../../shared/quoting.ts';
import { parseJson, readJsonFile } from '../../formats/json.ts';
import { parseYaml } from '../../formats/yaml.ts';

/** What is known of a trained model beside its files. Nothing else stands in a card. */
export interface CardSource {
  /** What the export is called. */
  name: string;
  /** What the base is called: a hub id, else a folder or a name. */
  modelName: string;
  /** The data set that it was trained on, as its owner calls it; null: not known. */
  dataName: string | null;
  /** Settings of the run by the names of LoraConfig and TrainingArguments; null: not known. */
  settings: Readonly<Record<string, unknown>> | null;
}

/** Names stand in snippets, cards and configs, which other programs read by the line. Throws `export/name`. */
export function requirePlain(what: string, name: string): void {
  const character = controlCharacter(name);
  if (character !== null) throw fault('export/name', { what, name, character });
}

/** What a run left beside its adapter: metrics.json, as far as a card tells it. */
const runSchema = z.object({
  steps: z.number(),
  parameters: z.object({ trainable: z.number(), all: z.number(), trainable_percent: z.number() }),
  metrics: z
    .object({ accuracy: z.number(), f1_macro: z.number(), mcc: z.number(), eval_rows: z.number().optional() })
    .partial()
    .nullable(),
});
export type RunSummary = z.infer<typeof runSchema>;

/** null where the adapter did not come from a run of ours. */
export async function readRun(adapter: string | undefined): Promise<RunSummary | null> {
  if (adapter === undefined) return null;
  const json = await readJsonFile(path.join(adapter, 'metrics.json')).catch(() => null);
  return runSchema.safeParse(json).data ?? null;
}

/** adapter_config.json's settings that a reader wants; empty without an adapter. */
export async function readAdapterSettings(adapter: string | undefined): Promise<Record<string, unknown>> {
  if (adapter === undefined) return {};
  const json = await readJsonFile(path.join(adapter, 'adapter_config.json')).catch(() => ({}));
  const fields = z.record(z.string(), z.unknown()).safeParse(json).data ?? {};
  const told = ['peft_type', ...(methodOf(fields['peft_type'])?.onCard ?? [])];
  return Object.fromEntries(told.filter((key) => fields[key] != null).map((key) => [key, fields[key]]));
}

/** What the base says of its licence, in the hub's words (https://huggingface.co/docs/hub/model-cards). */
const licenceSchema = z.object({
  license: z.union([z.string(), z.array(z.string())]),
  license_name: z.string().optional(),
  license_link: z.string().optional(),
});
export type Licence = z.infer<typeof licenceSchema>;

/** The licence that a model folder names in its README.md or config.json; null where it names none. */
export async function licenceOf(model: string): Promise<Licence | null> {
  return (await inReadme(path.join(model, 'README.md'))) ?? (await inConfig(path.join(model, 'config.json')));
}

async function inReadme(file: string): Promise<Licence | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  const front = /^\uFEFF?---\r?\n(.*?)\r?\n---/s.exec(text)?.[1];
  if (front === undefined) return null;
  try {
    return licenceSchema.safeParse(parseYaml(front)).data ?? null;
  } catch {
    return null;
  }
}

async function inConfig(file: string): Promise<Licence | null> {
  try {
    return licenceSchema.safeParse(parseJson(await readFile(file, 'utf8'), { maxDepth: 64 })).data ?? null;
  } catch {
    return null;
  }
}
