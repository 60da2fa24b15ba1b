import {
  writtenLabelMapSchema,
  type LabelCount,
  type LabelMapping,
} from '../../../shared/contract/datasets.ts';
import { fault } from '../../../shared/faults/index.ts';
import { mapText, readLabelColumn } from '../../../shared/label-column.ts';
import type { ExampleOptions } from '../../engine/data/examples.ts';
import { readConfigFile } from '../config-file.ts';

type LabelledOptions = ExampleOptions & { labelColumn: string };

/**
 * The value of --label-map: JSON, a file, or `proposed`, for what Graft makes of the label columns of `files`. Throws
 * `cli/label-map` and what reading the files throws; a proposed map is said.
 */
export async function readLabelMap(
  given: string,
  {
    files,
    options,
    say,
  }: { files: readonly string[]; options: LabelledOptions; say: (message: string) => void },
): Promise<LabelMapping> {
  if (given === 'proposed') {
    const map = await proposedMap(files, options);
    say(
      Object.keys(map).length === 0
        ? 'Every label is taken as it is.'
        : `Labels are read as: ${mapText(map)}.`,
    );
    return map;
  }
  const value = given.trim().startsWith('{') ? jsonOf(given) : await readConfigFile(given);
  const parsed = writtenLabelMapSchema.safeParse(value);
  if (!parsed.success) throw fault('cli/label-map', { given });
  return parsed.data;
}

async function proposedMap(files: readonly string[], options: LabelledOptions): Promise<LabelMapping> {
  const { countLabelValues } = await import('../../engine/data/examples.ts');
  const rows = new Map<string, number>();
  for (const file of files) {
    const { counts } = await countLabelValues(file, options);
    for (const { value, rows: n } of counts) rows.set(value, (rows.get(value) ?? 0) + n);
  }
  const counts: LabelCount[] = Array.from(rows, ([value, n]) => ({ value, rows: n }));
  return readLabelColumn(counts, options.labelColumn).proposed;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault('cli/label-map', { given: text }, error);
  }
}
