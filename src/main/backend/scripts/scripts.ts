import { fileURLToPath } from 'node:url';
import type { Handlers } from '../../../shared/contract.ts';
import type { scriptMethods } from '../../../shared/contract/scripts.ts';
import type { BackendContext } from '../context.ts';
import { readScriptAside } from './read-aside.ts';
import { readRecipes } from './recipes.ts';

/** The same way up in the checkout and in the built app, which keeps the module structure. */
const recipesFolder = fileURLToPath(new URL('../../../../resources/recipes', import.meta.url));

/** Scripts of other people as recipes, and the recipes that come with the app. */
export function scriptHandlers(_context: BackendContext): Handlers<keyof typeof scriptMethods> {
  return {
    'scripts/read': async ({ text }) => ({ recipe: await readScriptAside(text) }),
    'scripts/recipes': async () => ({ recipes: await readRecipes(recipesFolder) }),
  };
}
