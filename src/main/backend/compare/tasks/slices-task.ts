import type { Slices } from '../../../../shared/contract/compare.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { accuracyOf, bootstrap, cellsOf } from '../../../../shared/statistics/bootstrap.ts';
import { versionWork, type VersionFile } from '../../../storage/versions/version-file.ts';
import type { RunInput } from './answers.ts';
import { boardOf, isRight, type Board } from './board.ts';

export interface SlicesInput {
  database: string;
  runs: RunInput[];
  /** A data set version's file. */
  file: string;
  /** Null: the text's length. */
  by: string | null;
}

const MOST_VALUES = 12;
/** Rows that are looked at for the names of the columns that were kept. */
const LOOKED_AT = 200;

/** Accuracy by parts of the rows. Throws `compare/no-column`, `datasets/file-…`. */
export function slicesTask({ database, runs, file, by }: SlicesInput): { slices: Slices; columns: string[] } {
  const board = boardOf(database, runs);
  return versionWork(file, (version) => {
    const columns = version.extraColumns(LOOKED_AT);
    if (by !== null && !columns.includes(by)) throw fault('compare/no-column', { column: by, columns });
    const parts = by === null ? byLength(version, board) : byValue(version, board, by);
    const shown = parts.slice(0, MOST_VALUES);
    const slices = shown.map(({ name, places }) => ({
      name,
      rows: places.length,
      accuracy: board.ids.map((_, run) => accuracyOn(board, run, places)),
    }));
    return {
      slices: { by: by ?? 'Text length', slices, left: parts.length - shown.length },
      columns,
    };
  });
}

interface Part {
  name: string;
  /** In the board. */
  places: number[];
}

/** Quarters of the rows, from the shortest to the longest; fewer where many are of one length. */
function byLength(version: VersionFile, board: Board): Part[] {
  const all = version.lengths();
  const lengths = Array.from(board.rows, (row) => all[row - 1]);
  const sorted = [...lengths].filter((length) => length !== undefined).sort((a, b) => a - b);
  const tops = [1, 2, 3, 4].map((quarter) => sorted[Math.ceil((quarter / 4) * sorted.length) - 1]!);
  let from = sorted[0] ?? 0;
  return [...new Set(tops)].map((top) => {
    const least = from;
    from = top + 1;
    const name = least === top ? `${top} characters` : `${least} to ${top} characters`;
    return { name, places: placesWhere(lengths, (length) => length >= least && length <= top) };
  });
}

/** One part a value, the commonest first. */
function byValue(version: VersionFile, board: Board, column: string): Part[] {
  const all = new Map(version.extraValues(column));
  const values = Array.from(board.rows, (row) => all.get(row));
  const parts = new Map<string, number[]>();
  for (const [at, value] of values.entries()) {
    const name = value?.trim() ? value : '(empty)';
    const places = parts.get(name);
    if (places) places.push(at);
    else parts.set(name, [at]);
  }
  return [...parts]
    .map(([name, places]) => ({ name, places }))
    .sort((a, b) => b.places.length - a.places.length || a.name.localeCompare(b.name));
}

function placesWhere<Value>(
  values: readonly (Value | undefined)[],
  fits: (value: Value) => boolean,
): number[] {
  return values.flatMap((value, at) => (value !== undefined && fits(value) ? [at] : []));
}

function accuracyOn(board: Board, run: number, places: readonly number[]) {
  const right = places.map((at) => Number(isRight(board, run, at)));
  const cells = cellsOf(
    right.map(() => 1),
    [right],
    2,
  );
  return bootstrap(cells, [accuracyOf(cells, 0)])[0]!;
}
