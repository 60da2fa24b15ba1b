/** Where adapters come from, exports with their proofs, comparisons that were kept, and what comparing counts once. */
export const sql = `
ALTER TABLE adapters ADD COLUMN origin TEXT NOT NULL DEFAULT 'experiment';
-- JSON: rank, labels, hash of the base's weights, and the parts of a merged one.
ALTER TABLE adapters ADD COLUMN facts TEXT NOT NULL DEFAULT '{}';

CREATE TABLE exports (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  source_kind TEXT NOT NULL CHECK (source_kind IN ('experiment', 'adapter')),
  source_id TEXT NOT NULL,
  model_name TEXT NOT NULL,
  folder TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE export_targets (
  export_id TEXT NOT NULL REFERENCES exports ON DELETE CASCADE,
  target TEXT NOT NULL,
  place INTEGER NOT NULL,
  state TEXT NOT NULL,
  folder TEXT NOT NULL,
  bytes INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  proof TEXT,
  snippets TEXT NOT NULL DEFAULT '[]',
  verified_at INTEGER,
  PRIMARY KEY (export_id, target)
) STRICT, WITHOUT ROWID;

CREATE TABLE comparisons (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  experiment_ids TEXT NOT NULL,
  baseline_id TEXT,
  created_at INTEGER NOT NULL
) STRICT;

-- Counted once from the predictions of a run that ended at finished_at; rows_key is equal for runs that answered the
-- same rows. figures: JSON; accuracy, macro_f1: 32-bit numbers, one a resample; right_rows: a byte a row.
CREATE TABLE run_figures (
  experiment_id TEXT PRIMARY KEY REFERENCES experiments ON DELETE CASCADE,
  finished_at INTEGER NOT NULL,
  rows_key TEXT NOT NULL,
  rows INTEGER NOT NULL,
  figures TEXT NOT NULL,
  accuracy BLOB NOT NULL,
  macro_f1 BLOB NOT NULL,
  right_rows BLOB NOT NULL
) STRICT;
`;
