import type { Recipe } from '../../../shared/contract/scripts.ts';
import { codeOf } from './notebook.ts';
import { Reader } from './python/reader.ts';
import { parsePython } from './python/syntax.ts';
import { buildRecipe } from './recipe/build.ts';

export const tasks = { read: () => readScript };

/** The settings of a Python script, read from its text alone; nothing of it is run or imported. */
export function readScript(text: string): Recipe {
  const reader = new Reader(parsePython(codeOf(text)));
  reader.read();
  return buildRecipe(reader);
}
