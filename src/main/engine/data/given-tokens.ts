import { fault } from '../../../shared/faults/index.ts';
import type { EncodedText } from '../models/batch.ts';
import type { RowOrigin } from './table-types.ts';

/**
 * The tokens of a row that came tokenised: `input_ids`, with its `attention_mask` and `token_type_ids` where there are
 * any; undefined for a row without `input_ids`. Padding after the last real token goes; padding before or between real
 * ones keeps its place, as positions count over it. Throws `data/input-ids`.
 */
export function givenTokens(values: Record<string, unknown>, origin: RowOrigin): EncodedText | undefined {
  const refuse = (column: string, reason: string) => fault('data/input-ids', { ...origin, column, reason });
  const read = (column: string): number[] | undefined => {
    if (values[column] == null) return undefined;
    const list = integers(values[column]);
    if (list === null) throw refuse(column, 'is not a list of whole numbers, 0 or more');
    return list;
  };
  const [ids, types, mask] = [read('input_ids'), read('token_type_ids'), read('attention_mask')];
  if (ids === undefined) return undefined;
  if (ids.length === 0) throw refuse('input_ids', 'is empty');
  for (const [column, list] of Object.entries({ token_type_ids: types, attention_mask: mask })) {
    if (list && list.length !== ids.length)
      throw refuse(column, `has ${list.length} numbers, input_ids has ${ids.length}`);
  }
  const foreign = mask?.find((value) => value > 1);
  if (foreign !== undefined)
    throw refuse('attention_mask', `holds ${foreign}; it takes 1 for a token and 0 for padding`);
  const length = mask === undefined ? ids.length : mask.lastIndexOf(1) + 1;
  if (length === 0) throw refuse('attention_mask', 'is 0 everywhere, so the row has no token');
  const kept = (list: number[]): Int32Array => Int32Array.from(list.slice(0, length));
  return {
    inputIds: kept(ids),
    ...(types && { tokenTypeIds: kept(types) }),
    ...(mask?.slice(0, length).includes(0) && { attentionMask: kept(mask) }),
    origin: { ...origin, tokenised: true },
  };
}

/** A list as JSON and Parquet give it, or as a JSON text in a cell of a CSV file; null for anything else. */
function integers(value: unknown): number[] | null {
  const list: unknown = typeof value === 'string' ? parsed(value) : value;
  if (!Array.isArray(list)) return null;
  const numbers = list.map((item: unknown) => (typeof item === 'boolean' ? Number(item) : item));
  const isInteger = (item: unknown): item is number =>
    typeof item === 'number' && Number.isInteger(item) && item >= 0 && item < 2 ** 31;
  return numbers.every(isInteger) ? numbers : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
