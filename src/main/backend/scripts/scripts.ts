import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Handlers } from '../../../shared/contract.ts';
import { recipeSchema, type Recipe, type scriptMethods } from '../../../shared/contract/scripts.ts';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { writeFolderAtomic } from '../../engine/formats/atomic.ts';
import { runTask, taskModule } from '../../engine/threads/threads.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { ModelStore } from '../../storage/models.ts';
import type { BackendContext } from '../context.ts';
import type { tasks as readTasks } from './read-script.ts';
import { ownRecipes, readRecipes, removeRecipe, renameRecipe, saveRecipe } from './recipes.ts';
import { scriptTask } from './write/of-experiment.ts';
import type { ScriptTask, tasks as writeTasks, WrittenScript } from './write/write-script.ts';

const reading = taskModule<typeof readTasks>(import.meta.url, './read-script');
const writing = taskModule<typeof writeTasks>(import.meta.url, './write/write-script');

/**
 * Reads a script in a thread of its own, which a hostile text can keep busy. Throws `scripts/too-slow`,
 * `scripts/unreadable`.
 */
async function readInThread(text: string): Promise<Recipe> {
  try {
    const recipe = await runTask(reading, 'read', text, {
      // A usual script takes a tenth of a second.
      deadlineMs: 10_000,
      limits: { maxOldGenerationSizeMb: 512, stackSizeMb: 8 },
      ended: (end) =>
        end.kind === 'late'
          ? fault('scripts/too-slow', { seconds: end.seconds })
          : fault('scripts/unreadable', {}),
    });
    return recipeSchema.parse(recipe);
  } catch (error) {
    throw error instanceof Fault ? error : fault('scripts/unreadable', {}, error);
  }
}

/** Writes a script in a thread of its own; large data takes seconds. Throws what the task throws. */
const writeInThread = (task: ScriptTask): Promise<WrittenScript> => runTask(writing, 'write', task);

/** The same way up in the checkout and in the built app, which keeps the module structure. */
const recipesFolder = fileURLToPath(new URL('../../../../resources/recipes', import.meta.url));

/** Scripts of other people as recipes, the recipes that come with the app, and runs as scripts. */
export function scriptHandlers(context: BackendContext): Handlers<keyof typeof scriptMethods> {
  const own = context.workspace.recipes;
  return {
    'scripts/read': async ({ text }) => ({ recipe: await readInThread(text) }),
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
    'scripts/write': ({ experimentId }) => writeInThread(scriptTask(context, experimentId, null)),
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
): Promise<WrittenScript> => writeInThread(scriptTask(context, experimentId, folder));
