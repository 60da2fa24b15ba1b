import { z } from 'zod';
import { labelMapSchema } from './datasets.ts';
import { specSchema } from './experiments.ts';
import { faultSchema, givenName, id, method, nothing } from './message.ts';

const selectSchema = z
  .object({ shuffle_seed: z.number().int().nullable(), count: z.number().int().nullable() })
  .nullable();

/** A Python script's settings, read without running it. */
export const recipeSchema = z.object({
  /** Hub id or folder. */
  model: z.string().nullable(),
  dataset: z
    .object({
      /** Hub id, or the files of load_dataset("csv", data_files=…). */
      hubId: z.string().nullable(),
      config: z.string().nullable(),
      files: z.array(z.object({ path: z.string(), split: z.string().nullable() })),
    })
    .nullable(),
  textColumn: z.string().nullable(),
  textPairColumn: z.string().nullable(),
  labelColumn: z.string().nullable(),
  /** Classes that the script makes of the values of the label column, as `data.label_map` of a config. */
  labelMap: labelMapSchema.default({}),
  numLabels: z.number().int().nullable(),
  trainSplit: z.string().nullable(),
  evalSplit: z.string().nullable(),
  trainSelect: selectSchema,
  evalSelect: selectSchema,
  /** Training rows set aside for evaluation, as `data.split` of a spec. */
  split: z.object({ test_size: z.number(), seed: z.number().int() }).nullish(),
  maxLength: z.number().int().nullable(),
  padding: z.enum(['longest', 'max_length']).nullable(),
  metrics: z.array(z.string()),
  /** The fields of adapter_config.json; null: the whole model trains; undefined: how it trains is not known. */
  adapter: z.record(z.string(), z.unknown()).nullish(),
  /** Fields of the model's config.json that the script changes. */
  modelOverrides: z.record(z.string(), z.unknown()).default({}),
  /** The names of TrainingArguments. */
  training: z.record(z.string(), z.unknown()),
  /** Settings by path with the line they were read from. */
  read: z.array(z.object({ path: z.string(), line: z.number().int(), value: z.string() })),
  traps: z.array(
    z.object({
      code: z.string(),
      line: z.number().int().nullable(),
      message: z.string(),
      remedy: z.string(),
    }),
  ),
  notUnderstood: z.array(z.object({ line: z.number().int(), text: z.string(), why: z.string() })),
});
export type Recipe = z.infer<typeof recipeSchema>;

/** A run as a Python script, and what a person should know before starting it. */
const writtenScriptSchema = z.object({ text: z.string(), notes: z.array(z.string()) });

/** It names a file too. */
const recipeName = givenName
  .max(100)
  .regex(/^[^./\\:*?"<>|][^/\\:*?"<>|]*$/, 'a name without / \\ : * ? " < > | that starts with no point');

export const scriptMethods = {
  'scripts/read': method({ text: z.string().max(1_000_000) }, { recipe: recipeSchema }),
  /** The run of an experiment as a script of transformers, peft and datasets. */
  'scripts/write': method({ experimentId: id }, writtenScriptSchema),
  /** Makes a folder inside `into` with script.py and the data that it reads. */
  'scripts/save': method({ experimentId: id, into: z.string().min(1) }, { folder: z.string() }),
  /** A person's own recipes by their names, then those that come with the app, the article's first. */
  'scripts/recipes': method(
    {},
    {
      recipes: z.array(
        z.object({
          key: z.string(),
          name: z.string(),
          help: z.string(),
          recipe: recipeSchema,
          /** The config file of one's own, for `graft train --config`. */
          file: z.string().nullable().default(null),
        }),
      ),
      /** Files among one's own that are no recipes, and what is wrong with each. */
      broken: z.array(z.object({ name: z.string(), fault: faultSchema })).default([]),
    },
  ),
  /** Keeps model, method and settings of a draft as a recipe; one of that name is refused. */
  'scripts/save-recipe': method({ name: recipeName, spec: specSchema.partial() }, { file: z.string() }),
  'scripts/rename-recipe': method({ name: recipeName, to: recipeName }, nothing),
  /** Also of a file that another program put there: any name of a file in the folder. */
  'scripts/remove-recipe': method(
    {
      name: z
        .string()
        .max(255)
        .regex(/^[^./\\][^/\\]*$/),
    },
    nothing,
  ),
};
