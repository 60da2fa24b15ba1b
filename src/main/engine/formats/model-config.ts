import { join } from 'node:path';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { checkFields, readJsonFile } from './json.ts';

/** Beyond these a file is wrong, not large: they keep a damaged number from becoming an allocation. */
export const count = (most: number) => z.int().positive().max(most);
export const probability = z.number().min(0).max(1);

const labels = z.record(
  z.string().regex(/^\d+$/, 'a class is named by its number, from 0 up'),
  z.union([z.string(), z.number().transform(String)]),
);

/** What config.json says whatever the architecture, with the defaults of transformers 5.17. */
const configSchema = z
  .object({
    model_type: z.string(),
    architectures: z
      .array(z.string())
      .nullish()
      .transform((names) => names ?? []),
    id2label: labels.nullish(),
    num_labels: count(1_000_000).nullish(),
    problem_type: z
      .enum(['regression', 'single_label_classification', 'multi_label_classification'])
      .nullable()
      .default(null),
    quantization_config: z.unknown().optional(),
  })
  .check(({ value, issues }) => {
    const refuse = (message: string) =>
      void issues.push({ code: 'custom', input: value, path: ['id2label'], message });
    const classes = Object.keys(value.id2label ?? { 0: '' });
    const numbers = new Set(classes);
    const missing = classes.findIndex((_, id) => !numbers.has(String(id)));
    if (classes.length === 0) refuse('it names no class');
    if (missing !== -1) refuse(`it has ${classes.length} classes, and none of them is number ${missing}`);
  });

type Fields = z.output<typeof configSchema>;

/** config.json: the fields that are used, checked and with defaults filled in; all of it as it stands in `raw`. */
export type ModelConfig = Readonly<
  Omit<Fields, 'id2label' | 'num_labels'> & {
    num_labels: number;
    /** Names by class number; `LABEL_0`, … where the file has none. */
    id2label: readonly string[];
    label2id: Readonly<Record<string, number>>;
    raw: Readonly<Record<string, unknown>>;
  }
>;

/** The config.json of a model folder. Throws `files/…`, `formats/json` or `formats/field`. */
export async function readModelConfig(folder: string): Promise<ModelConfig> {
  const file = join(folder, 'config.json');
  return parseModelConfig(await readJsonFile(file), file);
}

/**
 * The contents of a config.json. As in transformers, `id2label` decides on the number of classes, then
 * `num_labels`, else there are 2. Throws `formats/field` with `file` and the key.
 */
export function parseModelConfig(json: unknown, file: string): ModelConfig {
  const raw = checkFields(z.record(z.string(), z.unknown()), json, file);
  if (raw['model_type'] === undefined) {
    const architectures = z.array(z.string()).catch([]).parse(raw['architectures']);
    throw fault('models/no-model-type', { file, architectures });
  }
  const fields = checkFields(configSchema, raw, file);
  const id2label = labelNames(fields);
  return {
    ...fields,
    num_labels: id2label.length,
    id2label,
    label2id: Object.fromEntries(id2label.map((name, id) => [name, id])),
    raw,
  };
}

function labelNames({ id2label, num_labels }: Fields): string[] {
  if (id2label == null) return Array.from({ length: num_labels ?? 2 }, (_, id) => `LABEL_${id}`);
  return Object.keys(id2label).map((_, id) => id2label[id]!);
}
