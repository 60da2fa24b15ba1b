import type { Db } from '../database.ts';

/** One data set version. `row` counts from 1; `label` and `split` are places in the two tables below it. */
export const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE labels (place INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE splits (place INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE rows (
  row INTEGER PRIMARY KEY,
  text TEXT NOT NULL,
  text_pair TEXT,
  label INTEGER,
  split INTEGER,
  characters INTEGER NOT NULL,
  text_hash INTEGER NOT NULL,
  extra TEXT
) STRICT;
`;

/** Made when the rows are in. Each answers a count or an order of the row browser without reading a text. */
export const INDEXES = {
  rows_by_text: 'CREATE INDEX rows_by_text ON rows (text_hash)',
  rows_by_label: 'CREATE INDEX rows_by_label ON rows (label)',
  rows_by_split: 'CREATE INDEX rows_by_split ON rows (split)',
  rows_by_length: 'CREATE INDEX rows_by_length ON rows (characters, label, split)',
} as const;

/** Words, not phrases: `detail=none` halves the index and makes common words cheap to count. */
export const SEARCH = `
CREATE VIRTUAL TABLE rows_fts USING fts5(
  text, text_pair, content='rows', content_rowid='row', detail=none, columnsize=0,
  tokenize="unicode61 remove_diacritics 2"
);
INSERT INTO rows_fts (rows_fts, rank) VALUES ('hashsize', 33554432);
`;

/** For a file that nobody else sees and that is thrown away when its making fails. */
export function prepareForWriting(db: Db, pageLimit?: number): void {
  // SQLite's defensive mode would keep a journal.
  db.unsafeMode(true);
  db.pragma('journal_mode = OFF');
  db.pragma('synchronous = OFF');
  db.pragma('locking_mode = EXCLUSIVE');
  db.pragma('cache_size = -65536');
  db.pragma('temp_store = MEMORY');
  if (pageLimit !== undefined) db.pragma(`max_page_count = ${pageLimit}`);
}
