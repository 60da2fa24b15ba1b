import { defaultMethod, plainMethod } from '../../../shared/methods/index.ts';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { OutputOf } from '../../../shared/contract.ts';
import { writtenLabelMapSchema } from '../../../shared/contract/datasets.ts';
import { scriptMethods, type Recipe } from '../../../shared/contract/scripts.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { systemFault } from '../../../shared/faults/system.ts';
import { writeFileAtomic } from '../../engine/formats/atomic.ts';

type Recipes = OutputOf<'scripts/recipes'>['recipes'];
const shipped = scriptMethods['scripts/recipes'].output.shape.recipes.element;

/** What a config file has of a recipe; the rest of a config is left to whoever trains with it. */
const configSchema = z.looseObject({
  model: z.string().nullable().default(null),
  model_overrides: z.record(z.string(), z.unknown()).default({}),
  data: z
    .looseObject({
      max_length: z.number().int().nullable().default(null),
      label_map: writtenLabelMapSchema.default({}),
      padding: z.enum(['longest', 'max_length']).nullable().default(null),
    })
    .prefault({}),
  adapter: z.record(z.string(), z.unknown()),
  training: z.record(z.string(), z.unknown()).default({}),
});

const jsonFiles = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => !entry.isDirectory() && /^[^.].*\.json$/s.test(entry.name))
    .map(({ name }) => name)
    .sort();

/** The recipes of a folder, one JSON file each, in the order of their file names. Throws where a file is not one. */
export async function readRecipes(folder: string): Promise<Recipes> {
  const files = await jsonFiles(folder);
  return Promise.all(
    files.map(async (name) => shipped.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))),
  );
}

/** A person's own recipes, and the files among them that are none, with what is wrong. */
export async function ownRecipes(folder: string): Promise<OutputOf<'scripts/recipes'>> {
  const found: OutputOf<'scripts/recipes'> = { recipes: [], broken: [] };
  for (const named of await jsonFiles(folder)) {
    const file = join(folder, named);
    const name = named.slice(0, -'.json'.length);
    try {
      const recipe = recipeOf(await readConfig(file));
      found.recipes.push({ key: `own:${named}`, name, help: '', file, recipe });
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      found.broken.push({ name, fault: error.toJSON() });
    }
  }
  return found;
}

/** Throws `scripts/recipe-broken`, `files/…`. */
async function readConfig(file: string): Promise<z.infer<typeof configSchema>> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError)
      throw fault('scripts/recipe-broken', { file, reason: `it is not JSON: ${error.message}` });
    throw systemFault(error) ?? error;
  }
  const { data, error } = configSchema.safeParse(value);
  if (data) return data;
  const [issue] = error.issues;
  const key = issue?.path.join('.') ?? '';
  throw fault('scripts/recipe-broken', {
    file,
    reason: `${key === '' ? 'the whole' : key}: ${issue?.message ?? 'not as in a config'}`,
  });
}

function recipeOf({ model, data, adapter, training, model_overrides }: z.infer<typeof configSchema>): Recipe {
  return {
    model,
    dataset: null,
    textColumn: null,
    textPairColumn: null,
    labelColumn: null,
    labelMap: data.label_map,
    numLabels: null,
    trainSplit: null,
    evalSplit: null,
    trainSelect: null,
    evalSelect: null,
    maxLength: data.max_length,
    padding: data.padding,
    metrics: [],
    adapter: adapter['peft_type'] === plainMethod.type ? null : adapter,
    modelOverrides: model_overrides,
    training,
    read: [],
    traps: [],
    notUnderstood: [],
  };
}

const fileOf = (folder: string, name: string): string => join(folder, `${name}.json`);

/** Writes a draft's settings as a config of `graft train`. Throws `scripts/recipe-exists`, `files/…`. */
export async function saveRecipe(
  folder: string,
  name: string,
  {
    adapter,
    training,
    data,
    modelOverrides,
  }: z.output<(typeof scriptMethods)['scripts/save-recipe']['input']>['spec'],
  model: string | null,
): Promise<string> {
  const file = fileOf(folder, name);
  if (existsSync(file)) throw fault('scripts/recipe-exists', { name });
  const { maxLength, padding } = data ?? {};
  const config = {
    ...(model === null ? {} : { model }),
    ...(modelOverrides && Object.keys(modelOverrides).length > 0 ? { model_overrides: modelOverrides } : {}),
    data: { ...(maxLength == null ? {} : { max_length: maxLength }), ...(padding ? { padding } : {}) },
    adapter: adapter ?? { peft_type: defaultMethod.type },
    training: training ?? {},
  };
  await writeFileAtomic(file, `${JSON.stringify(config, null, 2)}\n`);
  return file;
}

/** Throws `scripts/recipe-missing`, `scripts/recipe-exists`. */
export async function renameRecipe(folder: string, name: string, to: string): Promise<void> {
  if (name === to) return;
  if (!existsSync(fileOf(folder, name))) throw fault('scripts/recipe-missing', { name });
  if (existsSync(fileOf(folder, to))) throw fault('scripts/recipe-exists', { name: to });
  await rename(fileOf(folder, name), fileOf(folder, to));
}

/** Throws `scripts/recipe-missing`. */
export async function removeRecipe(folder: string, name: string): Promise<void> {
  if (!existsSync(fileOf(folder, name))) throw fault('scripts/recipe-missing', { name });
  await rm(fileOf(folder, name));
}
