/** Answers as their task writes them, and a run's figures as rows: neither says what kind of answer they are of. */
export const sql = `
-- row: the place in the data set version, from 1; answer: target and answer as the run's task writes them.
CREATE TABLE answers (
  experiment_id TEXT NOT NULL REFERENCES experiments ON DELETE CASCADE,
  row INTEGER NOT NULL,
  wrong INTEGER NOT NULL,
  answer BLOB NOT NULL,
  PRIMARY KEY (experiment_id, row)
) STRICT, WITHOUT ROWID;
-- Of one class a text: the expected class's place in two bytes and two more, then the logits; little-endian.
INSERT INTO answers SELECT experiment_id, row, expected <> predicted,
  unhex(printf('%02x%02x0000', expected & 255, expected >> 8) || hex(logits)) FROM predictions;
DROP TABLE predictions;
CREATE INDEX answers_wrong ON answers (experiment_id, row) WHERE wrong = 1;

ALTER TABLE run_figures RENAME TO counted;
-- Counted once from the answers of a run that ended at finished_at; rows_key is equal for runs that answered the same
-- rows. names: JSON, of the head's outputs; right_rows: a byte a row.
CREATE TABLE run_counts (
  experiment_id TEXT PRIMARY KEY REFERENCES experiments ON DELETE CASCADE,
  finished_at INTEGER NOT NULL,
  rows_key TEXT NOT NULL,
  rows INTEGER NOT NULL,
  names TEXT NOT NULL,
  right_rows BLOB NOT NULL
) STRICT;
-- low, high: of the 95 % interval; resamples: 32-bit numbers, one a resample.
CREATE TABLE run_figures (
  experiment_id TEXT NOT NULL REFERENCES experiments ON DELETE CASCADE,
  name TEXT NOT NULL,
  value REAL NOT NULL,
  low REAL NOT NULL,
  high REAL NOT NULL,
  resamples BLOB NOT NULL,
  PRIMARY KEY (experiment_id, name)
) STRICT;
INSERT INTO run_counts SELECT experiment_id, finished_at, rows_key, rows, figures ->> '$.labels', right_rows FROM counted;
INSERT INTO run_figures
  SELECT experiment_id, 'accuracy', figures ->> '$.accuracy.value', figures ->> '$.accuracy.low',
    figures ->> '$.accuracy.high', accuracy FROM counted
  UNION ALL
  SELECT experiment_id, 'f1_macro', figures ->> '$.macroF1.value', figures ->> '$.macroF1.low',
    figures ->> '$.macroF1.high', macro_f1 FROM counted;
DROP TABLE counted;
`;
