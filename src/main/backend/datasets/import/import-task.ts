import { basename } from 'node:path';
import { stat } from 'node:fs/promises';
import type { Mapping } from '../../../../shared/contract/datasets.ts';
import { fault } from '../../../../shared/faults/index.ts';
import type { Table } from '../../../engine/data/table.ts';
import { finishVersion, type MadeVersion } from '../version/finish.ts';
import { VersionWriter, type NewRow } from '../version/writer.ts';
import type { Tell } from '../work/tasks.ts';
import { LabelPlaces } from './label-places.ts';
import { checkMapping, readRows, type SourceRow } from './read-rows.ts';
import { openSourceTable, type SourceFiles } from './source-tables.ts';

export interface ImportInput {
  source: SourceFiles;
  mapping: Mapping;
  emptyLabels: 'refuse' | 'leave-out';
  /** Where to write. */
  file: string;
  /** Stands for a full disk: pages of 4 KiB that may be written. */
  pageLimit?: number | undefined;
}

/** So many rows are held back until the order of their labels is settled. */
const HELD_ROWS = 5000;
const TELL_ROWS = 1000;
const NAMED_ROWS = 5;

/** Writes the rows of the source's files to a version file. Throws `datasets/…`, `data/…`, `files/…`, `store/disk-full`. */
export async function importTask(input: ImportInput, tell: Tell): Promise<MadeVersion & { leftOut: number }> {
  const { source, mapping } = input;
  checkMapping(mapping);
  const tables: { table: Table; split: string | null; bytes: number }[] = [];
  for (const { path, split } of source.files) {
    const table = await openSourceTable(source, path);
    tables.push({ table, split, bytes: (await stat(path)).size });
  }
  const writer = new VersionWriter(input.file, { pageLimit: input.pageLimit });
  try {
    const rows = new Importer(writer, new LabelPlaces(tables[0]?.table.classNames?.[mapping.label]));
    const total = new RowEstimate(tables);
    for (const { table, split } of tables) {
      const missing: number[] = [];
      let empty = 0;
      for await (const row of readRows(table, mapping, split)) {
        if (total.saw(row) % TELL_ROWS === 0) tell('Reading rows', total.seen, total.rows);
        if (row.label === null) {
          if (empty++ < NAMED_ROWS) missing.push(row.row);
        } else if (empty === 0 || input.emptyLabels === 'leave-out') rows.add(row, basename(table.file));
      }
      rows.leftOut += empty;
      if (empty > 0 && input.emptyLabels === 'refuse') {
        const file = basename(table.file);
        throw fault('datasets/empty-labels', { file, column: mapping.label, rows: missing, all: empty });
      }
    }
    rows.end();
    if (writer.rows === 0) throw noRows(rows.leftOut, tables[0]!.table, mapping);
    const made = await finishVersion(
      writer,
      input.file,
      { ...rows.names, columns: columnsOf(mapping) },
      tell,
    );
    return { ...made, leftOut: rows.leftOut };
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

function noRows(leftOut: number, { file }: Table, { label }: Mapping): Error {
  return leftOut > 0 ? fault('datasets/all-left-out', { column: label }) : fault('data/no-rows', { file });
}

function columnsOf({ text, textPair, label, split, extra }: Mapping): string[] {
  return [text, textPair, label, split, ...extra].filter((column) => column !== null);
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

  add({ row, label, split, ...rest }: SourceRow, file: string): void {
    const name = label === null ? null : this.labels.nameOf(label, { file, row });
    const one: NewRow = {
      ...rest,
      label: name === null ? null : this.labels.placeOf(name),
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
