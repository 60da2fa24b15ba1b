import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import type { OutputOf } from '../../../shared/contract.ts';
import { scriptMethods } from '../../../shared/contract/scripts.ts';

type Recipes = OutputOf<'scripts/recipes'>['recipes'];
const shipped: z.ZodType<Recipes[number]> = scriptMethods['scripts/recipes'].output.shape.recipes.element;

/** The recipes of a folder, one JSON file each, in the order of their file names. Throws where a file is not one. */
export async function readRecipes(folder: string): Promise<Recipes> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  return Promise.all(
    files.map(async (name) => shipped.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))),
  );
}
