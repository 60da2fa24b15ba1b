import type { DatasetRow, FindingCode } from '../../../../shared/contract/datasets.ts';
import { chooseRows, type RowChoice } from '../../../storage/versions/choose-rows.ts';
import { versionWork } from '../../../storage/versions/version-file.ts';
import { lengthsOfRows, longerRows, readLengths } from '../report/lengths-file.ts';

export interface RowsInput extends RowChoice {
  file: string;
  /** The version's file of findings; null: no report was made. */
  findings: string | null;
  /** Its file of token lengths, and where texts are cut. */
  lengths: { file: string; maxLength: number } | null;
  finding: FindingCode | null;
}

/** One page of rows. Throws `datasets/unknown-label`, `datasets/unknown-split` and `datasets/file-…`. */
export function rowsTask(input: RowsInput): { total: number; items: DatasetRow[] } {
  const { file, finding, findings, lengths } = input;
  return versionWork(file, (version) => {
    const rowsOf = (code: FindingCode): Uint32Array => {
      if (code !== 'truncation')
        return findings === null ? new Uint32Array() : version.ofFinding(findings, code);
      return Uint32Array.from(lengths ? longerRows(readLengths(lengths.file), lengths.maxLength) : []);
    };
    const { total, rows } = chooseRows(version, input, finding && rowsOf(finding));
    return { total, items: version.read(rows, lengths && lengthsOfRows(lengths.file, rows)) };
  });
}
