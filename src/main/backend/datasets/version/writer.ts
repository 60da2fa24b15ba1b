import Database from 'better-sqlite3';
import { storeFault, type Db } from '../../../storage/database.ts';
import { keepPrivate } from '../../../storage/workspace.ts';
import { INDEXES, prepareForWriting, SEARCH, TABLES } from './schema.ts';
import { textKey } from './text-key.ts';

export interface NewRow {
  text: string;
  textPair: string | null;
  /** Places; null: none. */
  label: number | null;
  split: number | null;
  extra: Record<string, string> | null;
}

export type Told = (phase: string, done: number, total: number) => void;

/** So many rows are indexed between two words of progress. */
const INDEX_ROWS = 5000;

/** Writes the rows of a new version, in order, to a file of a temporary name. Nothing is whole before `finish`. */
export class VersionWriter {
  rows = 0;
  private readonly file: string;
  private readonly db: Db;
  private readonly insert: Database.Statement;

  /** `pageLimit` stands for a disk of so many pages of 4 KiB. */
  constructor(file: string, options: { pageLimit?: number | undefined } = {}) {
    this.file = file;
    this.db = new Database(file);
    keepPrivate(file, 0o600);
    prepareForWriting(this.db, options.pageLimit);
    this.db.exec(TABLES);
    this.insert = this.db.prepare(
      'INSERT INTO rows (row, text, text_pair, label, split, characters, text_hash, extra) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.db.exec('BEGIN');
  }

  /** Throws `store/disk-full`. */
  add({ text, textPair, label, split, extra }: NewRow): void {
    const wellFormed = text.toWellFormed();
    const pair = textPair?.toWellFormed() ?? null;
    this.guarded(() =>
      this.insert.run(
        ++this.rows,
        wellFormed,
        pair,
        label,
        split,
        wellFormed.length + (pair?.length ?? 0),
        textKey(wellFormed, pair),
        extra === null ? null : JSON.stringify(extra),
      ),
    );
  }

  /** Gives every label a new place: `places[old]`. */
  moveLabels(places: readonly number[]): void {
    if (places.every((place, old) => place === old)) return;
    this.guarded(() => {
      const update = this.db.prepare('UPDATE rows SET label = ? WHERE row = ?');
      const label = this.db.prepare<[number], number | null>('SELECT label FROM rows WHERE row = ?').pluck();
      for (let row = 1; row <= this.rows; row++) {
        const old = label.get(row) ?? null;
        if (old !== null && places[old] !== old) update.run(places[old], row);
      }
    });
  }

  /** Writes names, indexes and the search index, and closes the file. Throws `store/disk-full`. */
  finish(
    names: { labels: readonly string[]; splits: readonly string[]; meta: Record<string, string> },
    tell: Told,
  ): void {
    this.guarded(() => {
      const { db } = this;
      const label = db.prepare('INSERT INTO labels (place, name) VALUES (?, ?)');
      names.labels.forEach((name, place) => label.run(place, name));
      const split = db.prepare('INSERT INTO splits (place, name) VALUES (?, ?)');
      names.splits.forEach((name, place) => split.run(place, name));
      const meta = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
      for (const [key, value] of Object.entries(names.meta)) meta.run(key, value);
      db.exec(SEARCH);
      const index = db.prepare(
        'INSERT INTO rows_fts (rowid, text, text_pair) SELECT row, text, text_pair FROM rows WHERE row > ? AND row <= ?',
      );
      for (let row = 0; row < this.rows; row += INDEX_ROWS) {
        index.run(row, row + INDEX_ROWS);
        tell('Making the search index', Math.min(this.rows, row + INDEX_ROWS), this.rows);
      }
      for (const sql of Object.values(INDEXES)) db.exec(sql);
      db.exec('COMMIT');
      db.close();
    });
  }

  /** Closes the file in the middle; it is of no use then. */
  abandon(): void {
    this.db.close();
  }

  private guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      throw storeFault(this.file, error);
    }
  }
}
