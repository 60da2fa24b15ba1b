import { basename } from 'node:path';
import { stat } from 'node:fs/promises';
import type { ImportReading, LabelMapping, Mapping } from '../../../../shared/contract/datasets.ts';
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
    const rows = new Importer(
      writer,
      new LabelPlaces(tables[0]?.table.classNames?.[mapping.label], mapping.labelMap),
    );
    const total = new RowEstimate(tables);
    const leftOut: ImportReading['leftOut'] = [];
    for (const { table, split } of tables) {
      const file = basename(table.file);
      const [missing, unlabelled, ragged] = [new RowList(), new RowList(), new RowList()];
      for await (const row of readRows(table, mapping, split)) {
        if (total.saw(row) % TELL_ROWS === 0) tell('Reading rows', total.seen, total.rows);
        if (row.label !== null) rows.add(row, row.label, { file, names: table.classNames?.[mapping.label] });
        else {
          unlabelled.add(row.row);
          if (!row.dropped) missing.add(row.row);
        }
      }
      if (missing.rows > 0 && input.emptyLabels === 'refuse') {
        const first = missing.first.slice(0, NAMED_ROWS);
        throw fault('datasets/empty-labels', { file, column: mapping.label, rows: first, all: missing.rows });
      }
      for (const { row } of table.ragged ?? []) ragged.add(row);
      leftOut.push(
        { file, reason: 'no-label', ...unlabelled.value },
        { file, reason: 'ragged', ...ragged.value },
      );
      rows.leftOut += unlabelled.rows;
    }
    const reading = readingOf(
      mapping,
      leftOut.filter((part) => part.rows > 0),
    );
    rows.end();
    if (writer.rows === 0) throw noRows(rows.leftOut, tables[0]!.table, mapping);
    return { ...rows.names, columns: columnsOf(mapping), reading };
  };
  return writeVersion(input.file, fill, tell, input.pageLimit);
}

function noRows(leftOut: number, { file }: Table, { label }: Mapping): Error {
  return leftOut > 0 ? fault('datasets/all-left-out', { column: label }) : fault('data/no-rows', { file });
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
class RowList {
  rows = 0;
  readonly first: number[] = [];

  add(row: number): void {
    if (this.rows++ < LISTED_ROWS) this.first.push(row);
  }

  get value() {
    return { rows: this.rows, first: this.first };
  }
}

function columnsOf({ text, moreText, textPair, label, split, extra }: Mapping): string[] {
  return [text, ...moreText, textPair, label, split, ...extra].filter((column) => column !== null);
}

/** Rows by names into a version by places. */
class Importer {
  leftOut = 0;
  private readonly writer: VersionWriter;
  private readonly labels: LabelPlaces;
  private readonly splits = new Map<string, number>();
  private held: NewRow[] | null = [];

  constructor(writer: VersionWriter, labels: LabelPlaces) {
    this.writer = writer;
    this.labels = labels;
  }

  /** Throws `datasets/class-number` for a class number that the file has no name for. */
  add(
    { row, text, textPair, split, extra }: SourceRow,
    label: string,
    { file, names }: { file: string; names: readonly string[] | undefined },
  ): void {
    if (names && /^-?\d+$/.test(label) && !names.includes(label)) {
      throw fault('datasets/class-number', { file, row, value: label, classes: names.length });
    }
    const one: NewRow = {
      text,
      textPair,
      extra,
      label: this.labels.placeOf(label),
      split: split === null ? null : this.splitPlace(split),
    };
    if (this.held === null) return this.writer.add(one);
    if (this.held.push(one) >= HELD_ROWS) this.release();
  }

  end(): void {
    if (this.held !== null) this.release();
    this.writer.moveLabels(this.labels.settle());
  }

  get names() {
    return { labels: this.labels.all, splits: [...this.splits.keys()] };
  }

  private splitPlace(name: string): number {
    const known = this.splits.get(name) ?? this.splits.size;
    this.splits.set(name, known);
    return known;
  }

  private release(): void {
    const places = this.labels.settle();
    for (const row of this.held ?? []) {
      this.writer.add({ ...row, label: row.label === null ? null : places[row.label]! });
    }
    this.held = null;
  }
}

/** About how many rows there are in all, from those that were seen; for progress only. */
class RowEstimate {
  seen = 0;
  private characters = 0;
  private readonly bytes: number;
  private readonly counted: number | null;

  constructor(tables: readonly { table: Table; bytes: number }[]) {
    this.bytes = tables.reduce((sum, { bytes }) => sum + bytes, 0);
    const counts = tables.map(({ table }) => table.count);
    this.counted = counts.reduce<number | null>(
      (sum, count) => (sum === null || count === undefined ? null : sum + count),
      0,
    );
  }

  saw({ text, textPair }: SourceRow): number {
    this.characters += text.length + (textPair?.length ?? 0) + 4;
    return ++this.seen;
  }

  get rows(): number {
    return Math.max(this.seen, this.counted ?? Math.round((this.bytes / this.characters) * this.seen));
  }
}

/**
 * Gives labels their places while rows come in. The final order is known at the end only, so `settle` is called when the
 * first rows were seen: mostly they have every label, and then no row has to be touched again.
 */
class LabelPlaces {
  private names: string[] = [];
  private readonly places = new Map<string, number>();
  /** Given by the file: names of class numbers, whose order stands. */
  private readonly fixed: readonly string[] | undefined;

  /** A map may give classes other names, which then stand where the first of theirs stood. */
  constructor(classNames: readonly string[] | undefined, map: LabelMapping = {}) {
    const names = classNames?.map((name) => mappedLabel(name, map)).filter((name) => name !== null);
    this.fixed = names && [...new Set(names)];
    for (const name of this.fixed ?? []) this.placeOf(name);
  }

  placeOf(name: string): number {
    const known = this.places.get(name);
    if (known !== undefined) return known;
    this.places.set(name, this.names.length);
    return this.names.push(name) - 1;
  }

  /** Sorts what was seen so far; returns the new place of each old one. */
  settle(): number[] {
    const sorted = this.fixed ? this.names : buildLabelMap(this.names).names;
    const places = new Map(sorted.map((name, place) => [name, place]));
    const moved = this.names.map((name) => places.get(name)!);
    this.names = [...sorted];
    this.places.clear();
    for (const [name, place] of places) this.places.set(name, place);
    return moved;
  }

  get all(): readonly string[] {
    return this.names;
  }
}
