import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { z } from 'zod';
import { loraSettings } from '../../../shared/settings/adapter.ts';
import { shapeOf } from '../../../shared/settings/setting.ts';
import { writeFileAtomic } from './atomic.ts';
import { checkFields, readJsonFile } from './json.ts';

/** What every method of PEFT has; the fields of the method itself pass through as they are. */
const adapterConfigSchema = z.looseObject({
  peft_type: z.string(),
  peft_version: z.string().nullable().default(null),
  task_type: z.string().nullable().default(null),
  auto_mapping: z.record(z.string(), z.unknown()).nullable().default(null),
  base_model_name_or_path: z.string().nullable().default(null),
  revision: z.string().nullable().default(null),
  inference_mode: z.boolean().default(false),
});

export type AdapterConfig = Readonly<z.output<typeof adapterConfigSchema>>;

/** `LoraConfig` of PEFT 0.21: the fields that are used, as the settings describe them; the rest passes through. */
export const loraConfigSchema = adapterConfigSchema
  .extend({
    peft_type: z.literal('LORA'),
    ...shapeOf(loraSettings),
    fan_in_fan_out: z.boolean().default(false),
  })
  .check(({ value, issues }) => {
    const refuse = (key: string, message: string) =>
      void issues.push({ code: 'custom', input: value, path: [key], message });
    const { target_modules, layers_to_transform, layers_pattern } = value;
    for (const key of ['layers_to_transform', 'layers_pattern'] as const) {
      if (typeof target_modules === 'string' && value[key] !== null) {
        refuse(key, 'it needs target_modules as a list, and here that is a pattern');
      }
    }
    if (layers_pattern !== null && layers_pattern.length > 0 && layers_to_transform === null) {
      refuse('layers_pattern', 'it needs layers_to_transform beside it');
    }
  });

export type LoraConfig = Readonly<z.output<typeof loraConfigSchema>>;

/** The other fields of PEFT 0.21's `LoraConfig`, each with the value that switches it off. */
const unsupportedDefaults: Readonly<Record<string, unknown>> = {
  alora_invocation_tokens: null,
  arrow_config: null,
  corda_config: null,
  ensure_weight_tying: false,
  eva_config: null,
  kasa_config: null,
  layer_replication: null,
  loftq_config: {},
  lora_bias: false,
  lora_ga_config: null,
  megatron_config: null,
  megatron_core: 'megatron.core',
  monteclora_config: null,
  qalora_group_size: 16,
  target_parameters: null,
  trainable_token_indices: null,
  use_bdlora: null,
  use_dora: false,
  use_qalora: false,
  velora_config: null,
};

/**
 * The fields that ask for something beyond `loraConfigSchema`, sorted: those of PEFT that differ from their
 * default, and unknown ones, unless they hold null, false or nothing.
 */
export function unsupportedFields(config: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(config)
    .filter(([key, value]) => !(key in loraConfigSchema.shape) && !isOff(value))
    .filter(([key, value]) => !isDeepStrictEqual(value, unsupportedDefaults[key]))
    .map(([key]) => key)
    .sort();
}

function isOff(value: unknown): boolean {
  if (value == null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/**
 * The adapter_config.json of an adapter folder: LoRA's fields checked and with their defaults, those of other
 * methods as they stand. Throws `files/…`, `formats/json` or `formats/field`.
 */
export async function readAdapterConfig(folder: string): Promise<AdapterConfig> {
  const file = join(folder, 'adapter_config.json');
  const config = checkFields(adapterConfigSchema, await readJsonFile(file), file);
  return config.peft_type === 'LORA' ? parseLoraConfig(config, file) : config;
}

/** LoRA's fields, wherever they stand. Throws `formats/field` with `file` and the key. */
export function parseLoraConfig(fields: unknown, file: string): LoraConfig {
  return checkFields(loraConfigSchema, fields, file);
}

/** Writes adapter_config.json as PEFT does, with all of PEFT's fields for LoRA. Throws what `writeFileAtomic` throws. */
export async function writeAdapterConfig(
  folder: string,
  config: Readonly<Record<string, unknown>> & { readonly peft_type: string },
): Promise<void> {
  const file = join(folder, 'adapter_config.json');
  const fields =
    config.peft_type === 'LORA' ? { ...unsupportedDefaults, ...parseLoraConfig(config, file) } : config;
  await writeFileAtomic(file, pythonJson({ ...fields, peft_version: config['peft_version'] ?? '0.21.0' }));
}

/** `json.dumps(value, indent=2, sort_keys=True)`: only ASCII, and the field that is a float there keeps its point. */
function pythonJson(value: object): string {
  const sorted = (_: string, item: unknown): unknown =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item;
  return JSON.stringify(value, sorted, 2)
    .replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/^( {2}"lora_dropout": \d+)(?=,?$)/m, '$1.0');
}
