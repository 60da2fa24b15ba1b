import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { z } from 'zod';
import { isFields } from '../../../shared/fields.ts';
import { methodOf } from '../../../shared/methods/index.ts';
import type { Method } from '../../../shared/methods/method.ts';
import { shapeOf, type Settings, type SettingsValues } from '../../../shared/settings/setting.ts';
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
  modules_to_save: z.array(z.string()).nullish(),
});

type Fields = Readonly<Record<string, unknown>>;
export type AdapterConfig = Readonly<z.output<typeof adapterConfigSchema>>;

/** The configuration of a method of PEFT: the fields that are used, as the settings describe them; the rest passes through. */
export function configSchema<S extends Settings>(
  method: Method<S>,
): z.ZodType<AdapterConfig & SettingsValues<S>> {
  const shape = { peft_type: z.literal(method.type), ...shapeOf(method.settings) };
  const schema = adapterConfigSchema.extend(shape).check(({ value, issues }) => {
    const conflict = method.peft?.conflict?.(value);
    if (conflict)
      issues.push({ code: 'custom', input: value, path: [conflict.key], message: conflict.reason });
  });
  // zod cannot infer an object whose shape is made from data.
  return schema as unknown as z.ZodType<AdapterConfig & SettingsValues<S>>;
}

/**
 * The fields that ask for something beyond a method's settings, sorted: those of PEFT that differ from their default,
 * unknown ones unless they hold null, false or nothing, and words that a setting does not take.
 */
export function unsupportedFields(config: Fields, { settings, peft }: Method): string[] {
  const beyond = Object.entries(config).filter(
    ([key, value]) =>
      !(key in adapterConfigSchema.shape || key in settings || isOff(value)) &&
      !isDeepStrictEqual(value, peft?.fixed[key]),
  );
  const words = Object.entries(settings).filter(([key, setting]) => {
    const value = config[key];
    return (
      setting.type === 'switch or choice' && typeof value === 'string' && !setting.choices.includes(value)
    );
  });
  return [
    ...beyond.map(([key]) => key).sort(),
    ...words.map(([key]) => `${key} ${JSON.stringify(config[key])}`),
  ];
}

function isOff(value: unknown): boolean {
  if (value == null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/**
 * The adapter_config.json of an adapter folder: the fields of a method that Graft trains checked and with their
 * defaults, those of others as they stand. Throws `files/…`, `formats/json` or `formats/field`.
 */
export async function readAdapterConfig(folder: string): Promise<AdapterConfig> {
  const file = join(folder, 'adapter_config.json');
  const config = checkFields(adapterConfigSchema, await readJsonFile(file), file);
  const method = methodOf(config.peft_type);
  return method?.peft ? parseAdapterConfig(method, config, file) : config;
}

/** The fields of a method, wherever they stand. Throws `formats/field` with `file` and the key. */
export function parseAdapterConfig<S extends Settings>(
  method: Method<S>,
  fields: unknown,
  file: string,
): AdapterConfig & SettingsValues<S> {
  return checkFields(configSchema(method), fields, file);
}

/**
 * Writes adapter_config.json as PEFT does, with all of PEFT's fields for its method; what PEFT does not have as it stands.
 * Throws what `writeFileAtomic` throws.
 */
export async function writeAdapterConfig(folder: string, config: Fields): Promise<void> {
  const file = join(folder, 'adapter_config.json');
  const method = methodOf(config['peft_type']);
  if (method?.peft === null) return writeFileAtomic(file, JSON.stringify(config, null, 2));
  const fields = method ? { ...method.peft.fixed, ...parseAdapterConfig(method, config, file) } : config;
  const version = config['peft_version'] ?? '0.21.0';
  await writeFileAtomic(file, pythonJson({ ...fields, peft_version: version }, method?.peft.floats ?? []));
}

/** `json.dumps(value, indent=2, sort_keys=True)`: only ASCII, and fields that are `floats` there keep their point. */
function pythonJson(value: object, floats: readonly string[]): string {
  const sorted = (_: string, item: unknown): unknown =>
    isFields(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item;
  return JSON.stringify(value, sorted, 2)
    .replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(/^( {2}"(\w+)": \d+)(?=,?$)/gm, (line: string, _: string, key: string) =>
      floats.includes(key) ? `${line}.0` : line,
    );
}
