import { z } from 'zod';
import type { DatasetRow } from '../../../../shared/contract/datasets.ts';
import { lengthsOfRows } from '../report/lengths-file.ts';
import { damageOf } from '../version/open.ts';
import { chooseRows, type RowChoice } from './chosen-rows.ts';
import { connectionTo, forget, type OpenVersion } from './connections.ts';

export interface RowsInput extends RowChoice {
  file: string;
}

const rowColumns = z.object({
  row: z.number(),
  text: z.string(),
  textPair: z.string().nullable(),
  label: z.number().nullable(),
  split: z.number().nullable(),
  extra: z.string().nullable(),
});
const extraSchema = z.record(z.string(), z.string());

/** One page of rows. Throws `datasets/unknown-label`, `datasets/unknown-split` and `datasets/file-…`. */
export function rowsTask(input: RowsInput): { total: number; items: DatasetRow[] } {
  const version = connectionTo(input.file);
  try {
    const { total, places } = chooseRows(version, input);
    return { total, items: readRows(version, places, input.lengths?.file ?? null) };
  } catch (error) {
    const known = damageOf(input.file, error);
    if (known !== error) forget(input.file);
    throw known;
  }
}

function readRows(version: OpenVersion, places: readonly number[], lengths: string | null): DatasetRow[] {
  const read = version.db.prepare(
    'SELECT row, text, text_pair AS textPair, label, split, extra FROM rows WHERE row = ?',
  );
  const tokens = lengths === null ? null : lengthsOfRows(lengths, places);
  return places.map((place, i) => {
    const { row, text, textPair, label, split, extra } = rowColumns.parse(read.get(place));
    return {
      row,
      text,
      textPair,
      label: label === null ? '' : (version.labels[label] ?? ''),
      split: split === null ? null : (version.splits[split] ?? null),
      tokens: tokens?.[i] ?? null,
      extra: extra === null ? {} : extraSchema.parse(JSON.parse(extra)),
    };
  });
}
