import { z } from 'zod';
import { parseJson } from '../../engine/formats/json.ts';

const notebookSchema = z.object({
  cells: z.array(
    z.object({ cell_type: z.string(), source: z.union([z.string(), z.array(z.string())]).default('') }),
  ),
});

/** The code of a notebook file (.ipynb), cell after cell; any other text as it is. */
export function codeOf(text: string): string {
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
