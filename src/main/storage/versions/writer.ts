import { hash } from 'node:crypto';
import Database from 'better-sqlite3';
import { storeFault, type Db } from '../database.ts';
import { keepPrivate } from '../workspace.ts';
import { INDEXES, prepareForWriting, SEARCH, TABLES } from './schema.ts';

export interface NewRow {
  text: string;
  textPair: string | null;
  /** Places; null: none. */
  label: number | null;
  split: number | null;
  extra: Record<string, string> | null;
}

type Told = (phase: string, done: number, total: number) => void;

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
      addNames(db, 'labels', names.labels);
      addNames(db, 'splits', names.splits);
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

function addNames(db: Db, table: 'labels' | 'splits', names: readonly string[]): void {
  const insert = db.prepare(`INSERT INTO ${table} (place, name) VALUES (?, ?)`);
  names.forEach((name, place) => insert.run(place, name));
}

const SPACING = /\s{2}|[^\S ]/;

/** A text without what does not make it another text: outer and repeated spaces, and case. */
function foldText(text: string): string {
  const trimmed = text.trim();
  return (SPACING.test(trimmed) ? trimmed.replace(/\s+/g, ' ') : trimmed).toLowerCase();
}

/** 64 bits of the folded text and its second text: rows with the same key hold the same text. */
function textKey(text: string, textPair: string | null): bigint {
  const folded = textPair === null ? foldText(text) : `${foldText(text)}\0${foldText(textPair)}`;
  return hash('sha1', folded, 'buffer').readBigInt64BE(0);
}

export interface Edits {
  /** New places by row. */
  labels?: ReadonlyMap<number, number>;
  splits?: ReadonlyMap<number, number>;
  /** Replaces the table of splits. */
  splitNames?: readonly string[];
}

const TELL_ROWS = 10_000;

/** Changes the file of a version that nobody knows yet. Throws SQLite's errors. */
export function editRows(file: string, { labels, splits, splitNames }: Edits, tell: Told): void {
  const db = new Database(file);
  try {
    prepareForWriting(db);
    db.exec('BEGIN');
    // Many rows: cheaper to make the indexes anew than to keep them right.
    const total = (labels?.size ?? 0) + (splits?.size ?? 0);
    const rows = db.prepare<[], number>('SELECT count(*) FROM rows').pluck().get() ?? 0;
    const remade = total * 10 > rows;
    if (remade) for (const index of Object.keys(INDEXES)) db.exec(`DROP INDEX ${index}`);
    let done = 0;
    for (const [column, places] of Object.entries({ label: labels, split: splits })) {
      const update = db.prepare(`UPDATE rows SET ${column} = ? WHERE row = ?`);
      for (const [row, place] of places ?? []) {
        update.run(place, row);
        if (++done % TELL_ROWS === 0) tell('Changing rows', done, total);
      }
    }
    if (splitNames) {
      db.exec('DELETE FROM splits');
      addNames(db, 'splits', splitNames);
    }
    if (remade) for (const sql of Object.values(INDEXES)) db.exec(sql);
    db.exec('COMMIT');
  } finally {
    db.close();
  }
}
