/** The first schema: state of data sets, models, experiments and adapters. Rows live in files of their own. */
export const sql = `
CREATE TABLE settings (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;

CREATE TABLE models (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  source TEXT NOT NULL CHECK (source IN ('folder', 'hub', 'cache', 'sample')),
  hub_id TEXT,
  revision TEXT,
  folder TEXT NOT NULL,
  facts TEXT NOT NULL,
  sha256 TEXT,
  bytes INTEGER NOT NULL,
  added_at INTEGER NOT NULL,
  removed_at INTEGER
) STRICT;

CREATE TABLE datasets (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  source TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  removed_at INTEGER
) STRICT;

CREATE TABLE dataset_versions (
  id TEXT PRIMARY KEY,
  dataset_id TEXT NOT NULL REFERENCES datasets ON DELETE CASCADE,
  number INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  file TEXT NOT NULL,
  rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  facts TEXT NOT NULL,
  change TEXT NOT NULL,
  parent_id TEXT REFERENCES dataset_versions,
  created_at INTEGER NOT NULL,
  UNIQUE (dataset_id, number)
) STRICT;

CREATE TABLE dataset_reports (
  version_id TEXT NOT NULL REFERENCES dataset_versions ON DELETE CASCADE,
  key TEXT NOT NULL,
  report TEXT NOT NULL,
  PRIMARY KEY (version_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE experiments (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  state TEXT NOT NULL,
  model_id TEXT REFERENCES models,
  model_name TEXT NOT NULL,
  version_id TEXT REFERENCES dataset_versions,
  data_name TEXT NOT NULL,
  method TEXT NOT NULL,
  seed INTEGER NOT NULL,
  precision TEXT NOT NULL,
  spec TEXT,
  config TEXT NOT NULL,
  folder TEXT NOT NULL,
  queue_place REAL,
  step INTEGER NOT NULL DEFAULT 0,
  total_steps INTEGER NOT NULL DEFAULT 0,
  epoch REAL NOT NULL DEFAULT 0,
  loss REAL,
  metrics TEXT,
  evaluation TEXT,
  facts TEXT NOT NULL DEFAULT '{}',
  details TEXT NOT NULL DEFAULT '{}',
  fault TEXT,
  notes TEXT NOT NULL DEFAULT '',
  starred INTEGER NOT NULL DEFAULT 0,
  archived INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  removed_at INTEGER,
  -- The process that trains it, and when anything of it last changed: two programs may have one workspace open.
  runner_pid INTEGER,
  updated_at INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX experiments_by_state ON experiments (state);

CREATE TABLE experiment_tags (
  experiment_id TEXT NOT NULL REFERENCES experiments ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (experiment_id, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE steps (
  experiment_id TEXT NOT NULL REFERENCES experiments ON DELETE CASCADE,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  loss REAL NOT NULL,
  learning_rate REAL NOT NULL,
  grad_norm REAL NOT NULL,
  tokens_per_second REAL NOT NULL,
  PRIMARY KEY (experiment_id, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluations (
  experiment_id TEXT NOT NULL REFERENCES experiments ON DELETE CASCADE,
  step INTEGER NOT NULL,
  epoch REAL NOT NULL,
  metrics TEXT NOT NULL,
  PRIMARY KEY (experiment_id, step)
) STRICT, WITHOUT ROWID;

-- row: the place in the data set version, from 1; expected and predicted: places in the experiment's labels.
CREATE TABLE predictions (
  experiment_id TEXT NOT NULL REFERENCES experiments ON DELETE CASCADE,
  row INTEGER NOT NULL,
  expected INTEGER NOT NULL,
  predicted INTEGER NOT NULL,
  score REAL NOT NULL,
  expected_score REAL NOT NULL,
  logits BLOB NOT NULL,
  PRIMARY KEY (experiment_id, row)
) STRICT, WITHOUT ROWID;

CREATE TABLE log_lines (
  experiment_id TEXT NOT NULL REFERENCES experiments ON DELETE CASCADE,
  place INTEGER NOT NULL,
  at INTEGER NOT NULL,
  level TEXT NOT NULL,
  message TEXT NOT NULL,
  PRIMARY KEY (experiment_id, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE adapters (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  experiment_id TEXT REFERENCES experiments ON DELETE SET NULL,
  model_id TEXT REFERENCES models,
  folder TEXT NOT NULL,
  peft_type TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  removed_at INTEGER
) STRICT;

-- Files that the store answers for: an adapter's, a checkpoint's, an export's.
CREATE TABLE files (
  path TEXT PRIMARY KEY,
  owner_kind TEXT NOT NULL,
  owner_id TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX files_by_owner ON files (owner_kind, owner_id);
`;
