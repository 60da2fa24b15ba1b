import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Handlers } from '../../../shared/contract.ts';
import type { scriptMethods } from '../../../shared/contract/scripts.ts';
import { writeFolderAtomic } from '../../engine/formats/atomic.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { ModelStore } from '../../storage/models.ts';
import type { BackendContext } from '../context.ts';
import { readScriptAside, writeScriptAside } from './aside.ts';
import { ownRecipes, readRecipes, removeRecipe, renameRecipe, saveRecipe } from './recipes.ts';
import { scriptTask } from './write/of-experiment.ts';
import type { WrittenScript } from './write/write-script.ts';

/** The same way up in the checkout and in the built app, which keeps the module structure. */
const recipesFolder = fileURLToPath(new URL('../../../../resources/recipes', import.meta.url));

/** Scripts of other people as recipes, the recipes that come with the app, and runs as scripts. */
export function scriptHandlers(context: BackendContext): Handlers<keyof typeof scriptMethods> {
  const own = context.workspace.recipes;
  return {
    'scripts/read': async ({ text }) => ({ recipe: await readScriptAside(text) }),
    'scripts/recipes': async () => {
      const { recipes, broken } = await ownRecipes(own);
      return { recipes: [...recipes, ...(await readRecipes(recipesFolder))], broken };
    },
    'scripts/save-recipe': async ({ name, spec }) => {
      const base = new ModelStore(context.db).read(spec.modelId ?? null);
      return { file: await saveRecipe(own, name, spec, base?.hubId ?? base?.folder ?? null) };
    },
    'scripts/rename-recipe': async ({ name, to }) => {
      await renameRecipe(own, name, to);
      return {};
    },
    'scripts/remove-recipe': async ({ name }) => {
      await removeRecipe(own, name);
      return {};
    },
    'scripts/write': ({ experimentId }) => writeScriptAside(scriptTask(context, experimentId, null)),
    'scripts/save': async ({ experimentId, into }) => {
      const { name } = new ExperimentStore(context.db).line(experimentId);
      const folder = freeFolder(into, name);
      await writeFolderAtomic(folder, async (temporary) => {
        await writeScriptFolder(context, experimentId, temporary);
      });
      return { folder };
    },
  };
}

/** A folder in `into` that is not there yet, named after an experiment. */
function freeFolder(into: string, name: string): string {
  const plain = name
    .replaceAll(/[^\p{L}\p{N}]+/gu, '-')
    .replaceAll(/^-|-$/g, '')
    .slice(0, 80);
  for (let n = 1; ; n++) {
    const folder = path.join(into, `${plain || 'experiment'}-script${n === 1 ? '' : `-${n}`}`);
    if (!existsSync(folder)) return folder;
  }
}

/**
 * Writes script.py of an experiment into a folder that is there, and beside it the data that it reads. Throws
 * `store/unknown`, `datasets/…`, `files/…`, `scripts/…`.
 */
export const writeScriptFolder = (
  context: BackendContext,
  experimentId: string,
  folder: string,
): Promise<WrittenScript> => writeScriptAside(scriptTask(context, experimentId, folder));
