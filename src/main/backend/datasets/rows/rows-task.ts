import type { DatasetRow } from '../../../../shared/contract/datasets.ts';
import { lengthsOfRows } from '../report/lengths-file.ts';
import { chooseRows, type RowChoice } from './chosen-rows.ts';
import { readRows, versionWork } from './read-rows.ts';

export interface RowsInput extends RowChoice {
  file: string;
}

/** One page of rows. Throws `datasets/unknown-label`, `datasets/unknown-split` and `datasets/file-…`. */
export function rowsTask(input: RowsInput): { total: number; items: DatasetRow[] } {
  return versionWork(input.file, (version) => {
    const { total, places } = chooseRows(version, input);
    const tokens = input.lengths ? lengthsOfRows(input.lengths.file, places) : null;
    return { total, items: readRows(version, places, tokens) };
  });
}
