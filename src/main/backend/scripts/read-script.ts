import { z } from 'zod';
import type { Recipe } from '../../../shared/contract/scripts.ts';
import { parseJson } from '../../engine/formats/json.ts';
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

const notebookSchema = z.object({
  cells: z.array(
    z.object({ cell_type: z.string(), source: z.union([z.string(), z.array(z.string())]).default('') }),
  ),
});

/** The code of a notebook file (.ipynb), cell after cell; any other text as it is. */
function codeOf(text: string): string {
  if (!text.trimStart().startsWith('{')) return text;
  try {
    const { cells } = notebookSchema.parse(parseJson(text, { maxDepth: 64 }));
    return cells
      .filter((cell) => cell.cell_type === 'code')
      .map(({ source }) => (typeof source === 'string' ? source : source.join('')))
      .join('\n\n');
  } catch {
    return text;
  }
}
