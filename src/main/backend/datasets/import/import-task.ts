import { basename } from 'node:path';
import { stat } from 'node:fs/promises';
import type { ImportReading, Mapping } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { mappedLabel } from '../../../../shared/label-column.ts';
import { buildLabelMap } from '../../../engine/data/labels.ts';
import type { Table } from '../../../engine/data/table.ts';
import type { NewRow, VersionWriter } from '../../../storage/versions/writer.ts';
import { writeVersion, type MadeVersion } from '../version/make-version.ts';
import type { Tell } from '../../../engine/threads/threads.ts';
import { checkMapping, readRows, type SourceRow } from './read-rows.ts';
import { openSourceTable, type SourceFiles } from './source-tables.ts';

export interface ImportInput {
  source: SourceFiles;
  mapping: Mapping;
  emptyLabels: 'refuse' | 'leave-out';
  raggedRows: 'refuse' | 'leave-out';
  /** Where to write. */
  file: string;
  /** Stands for a full disk: pages of 4 KiB that may be written. */
  pageLimit?: number | undefined;
}

/** So many rows are held back until the order of their labels is settled. */
const HELD_ROWS = 5000;
const TELL_ROWS = 1000;
const NAMED_ROWS = 5;
/** Row numbers that a version keeps of what was left out. */
const LISTED_ROWS = 100;

/** Writes the rows of the source's files to a version file. Throws `datasets/…`, `data/…`, `files/…`, `store/disk-full`. */
export async function importTask(input: ImportInput, tell: Tell): Promise<MadeVersion> {
  const { source, mapping } = input;
  checkMapping(mapping);
  const tables: { table: Table; split: string | null; bytes: number }[] = [];
  for (const { path, split } of source.files) {
    const table = await openSourceTable(source, path, input.raggedRows);
    tables.push({ table, split, bytes: (await stat(path)).size });
  }
  const fill = async (writer: VersionWriter) => {
    const rows = new Importer(writer, mapping, tables[0]?.table.classNames?.[mapping.label]);
    const saw = rowEstimate(tables);
    const leftOut: ImportReading['leftOut'] = [];
    for (const { table, split } of tables) {
      const file = basename(table.file);
      const names = table.classNames?.[mapping.label];
      const [missing, unlabelled, ragged] = [rowList(), rowList(), rowList()];
      for await (const row of readRows(table, mapping, split)) {
        const { seen, all } = saw(row);
        if (seen % TELL_ROWS === 0) tell('Reading rows', seen, all());
        if (row.label !== null) rows.add(row, row.label, file, names);
        else {
          note(unlabelled, row.row);
          if (!row.dropped) note(missing, row.row);
        }
      }
      if (missing.rows > 0 && input.emptyLabels === 'refuse') {
        const first = missing.first.slice(0, NAMED_ROWS);
        throw fault('datasets/empty-labels', { file, column: mapping.label, rows: first, all: missing.rows });
      }
      for (const { row } of table.ragged ?? []) note(ragged, row);
      leftOut.push({ file, reason: 'no-label', ...unlabelled }, { file, reason: 'ragged', ...ragged });
    }
    rows.end();
    if (writer.rows === 0) {
      throw leftOut.some(({ reason, rows: left }) => reason === 'no-label' && left > 0)
        ? fault('datasets/all-left-out', { column: mapping.label })
        : fault('data/no-rows', { file: tables[0]!.table.file });
    }
    const { text, moreText, textPair, label, split, extra } = mapping;
    const columns = [text, ...moreText, textPair, label, split, ...extra].filter((name) => name !== null);
    const left = leftOut.filter((part) => part.rows > 0);
    return { ...rows.names, columns, reading: readingOf(mapping, left) };
  };
  return writeVersion(input.file, fill, tell, input.pageLimit);
}

/** Null where all was taken as it is. */
function readingOf(
  { text, moreText, separator, labelMap }: Mapping,
  leftOut: ImportReading['leftOut'],
): ImportReading | null {
  const plain = moreText.length === 0 && Object.keys(labelMap).length === 0 && leftOut.length === 0;
  return plain
    ? null
    : { labelMap, textColumns: moreText.length === 0 ? [] : [text, ...moreText], separator, leftOut };
}

/** How many rows there are of a kind, and the first ones. */
const rowList = (): { rows: number; first: number[] } => ({ rows: 0, first: [] });
const note = (list: ReturnType<typeof rowList>, row: number): void => {
  if (list.rows++ < LISTED_ROWS) list.first.push(row);
};

/** The place of a name in a list that grows. */
function placeIn(places: Map<string, number>, name: string): number {
  const place = places.get(name) ?? places.size;
  places.set(name, place);
  return place;
}

/**
 * Rows by names into a version by places. The order of the labels is settled when the first rows were seen: mostly they
 * have every label, and then no row has to be touched again.
 */
class Importer {
  private readonly writer: VersionWriter;
  private readonly splits = new Map<string, number>();
  private labels = new Map<string, number>();
  /** The file gives names of class numbers, whose order stands. */
  private readonly fixed: boolean;
  private held: NewRow[] | null = [];

  /** A map may give classes other names, which then stand where the first of theirs stood. */
  constructor(
    writer: VersionWriter,
    { labelMap }: Pick<Mapping, 'labelMap'>,
    classNames: readonly string[] | undefined,
  ) {
    this.writer = writer;
    this.fixed = classNames !== undefined;
    const names = classNames?.map((name) => mappedLabel(name, labelMap)) ?? [];
    for (const name of names) if (name !== null) placeIn(this.labels, name);
  }

  /** Throws `datasets/class-number` for a class number that the file has no name for. */
  add(
    { row, text, textPair, split, extra }: SourceRow,
    label: string,
    file: string,
    names: readonly string[] | undefined,
  ): void {
    if (names && /^-?\d+$/.test(label) && !names.includes(label)) {
      throw fault('datasets/class-number', { file, row, value: label, classes: names.length });
    }
    const added: NewRow = {
      ...{ text, textPair, extra, label: placeIn(this.labels, label) },
      split: split === null ? null : placeIn(this.splits, split),
    };
    if (this.held === null) return this.writer.add(added);
    if (this.held.push(added) >= HELD_ROWS) this.release();
  }

  end(): void {
    if (this.held !== null) this.release();
    this.writer.moveLabels(this.settle());
  }

  get names() {
    return { labels: [...this.labels.keys()], splits: [...this.splits.keys()] };
  }

  /** Sorts the labels that were seen so far; returns the new place of each old one. */
  private settle(): number[] {
    const old = [...this.labels.keys()];
    const sorted = this.fixed ? old : buildLabelMap(old).names;
    this.labels = new Map(sorted.map((name, place) => [name, place]));
    return old.map((name) => this.labels.get(name)!);
  }

  private release(): void {
    const places = this.settle();
    for (const row of this.held ?? []) this.writer.add({ ...row, label: places[row.label!]! });
    this.held = null;
  }
}

/** Counts rows; `all`: about how many there are, from those that were seen. For progress only. */
function rowEstimate(
  tables: readonly { table: Table; bytes: number }[],
): (row: SourceRow) => { seen: number; all: () => number } {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const counts = tables.flatMap(({ table }) => table.count ?? []);
  const counted = counts.length === tables.length ? sum(counts) : null;
  const bytes = sum(tables.map((table) => table.bytes));
  let [seen, characters] = [0, 0];
  return ({ text, textPair }) => {
    characters += text.length + (textPair?.length ?? 0) + 4;
    seen++;
    return { seen, all: () => Math.max(seen, counted ?? Math.round((bytes / characters) * seen)) };
  };
}
