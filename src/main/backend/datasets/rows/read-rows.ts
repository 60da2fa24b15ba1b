import { z } from 'zod';
import type { DatasetRow } from '../../../../shared/contract/datasets.ts';
import { damageOf } from '../version/open.ts';
import { connectionTo, forget, type OpenVersion } from './connections.ts';

const rowColumns = z.object({
  row: z.number(),
  text: z.string(),
  textPair: z.string().nullable(),
  label: z.number().nullable(),
  split: z.number().nullable(),
  extra: z.string().nullable(),
});
const extraSchema = z.record(z.string(), z.string());

/** Does something with the open file of a version. Throws `datasets/file-…`. */
export function versionWork<Result>(file: string, work: (version: OpenVersion) => Result): Result {
  try {
    return work(connectionTo(file));
  } catch (error) {
    const known = damageOf(file, error);
    if (known !== error) forget(file);
    throw known;
  }
}

/** Rows by their numbers, in the order asked for, with their lengths in tokens where those are known. */
export function readRows(
  { db, labels, splits }: OpenVersion,
  places: readonly number[],
  tokens: readonly number[] | null = null,
): DatasetRow[] {
  const read = db.prepare(
    'SELECT row, text, text_pair AS textPair, label, split, extra FROM rows WHERE row = ?',
  );
  return places.map((place, i) => {
    const { label, split, extra, ...row } = rowColumns.parse(read.get(place));
    return {
      ...row,
      label: label === null ? '' : (labels[label] ?? ''),
      split: split === null ? null : (splits[split] ?? null),
      tokens: tokens?.[i] ?? null,
      extra: extra === null ? {} : extraSchema.parse(JSON.parse(extra)),
    };
  });
}
