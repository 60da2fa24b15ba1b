import { z } from 'zod';
import type { Db } from './database.ts';

/** A data set version as the state knows it. `file`: its name in the workspace's folder of data sets. */
export interface VersionRow {
  id: string;
  datasetId: string;
  datasetName: string;
  number: number;
  sha256: string;
  file: string;
  rows: number;
  bytes: number;
  /** JSON. */
  facts: string;
  change: string;
  parentId: string | null;
  createdAt: number;
  /** Experiments that used it. */
  experiments: number;
  /** Corrected labels that no version holds yet. */
  unsaved: number;
}

export interface DatasetRecord {
  id: string;
  name: string;
  source: string;
  createdAt: number;
  removedAt: number | null;
}

export type NewVersion = Omit<VersionRow, 'number' | 'datasetName' | 'experiments' | 'unsaved'>;

const VERSIONS = `
SELECT v.id, v.dataset_id AS datasetId, d.name AS datasetName, v.number, v.sha256, v.file, v.rows, v.bytes, v.facts,
  v.change, v.parent_id AS parentId, v.created_at AS createdAt,
  (SELECT count(*) FROM experiments e WHERE e.version_id = v.id AND e.removed_at IS NULL) AS experiments,
  (SELECT count(*) FROM label_drafts l WHERE l.version_id = v.id AND v.draft_saved_as IS NULL) AS unsaved
FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id`;
const DATASETS = `SELECT id, name, source, created_at AS createdAt, removed_at AS removedAt FROM datasets`;

/** Data sets that are not removed, the newest first. */
export const listDatasets = (db: Db): DatasetRecord[] =>
  db
    .prepare<[], DatasetRecord>(`${DATASETS} WHERE removed_at IS NULL ORDER BY created_at DESC, rowid DESC`)
    .all();

export const readDataset = (db: Db, id: string): DatasetRecord | undefined =>
  db.prepare<[string], DatasetRecord>(`${DATASETS} WHERE id = ?`).get(id);

/** Versions of a data set that are not removed, the newest first. */
export const listVersions = (db: Db, datasetId: string): VersionRow[] =>
  db
    .prepare<[string], VersionRow>(
      `${VERSIONS} WHERE v.dataset_id = ? AND v.removed_at IS NULL ORDER BY v.number DESC`,
    )
    .all(datasetId);

export const readVersion = (db: Db, id: string): VersionRow | undefined =>
  db.prepare<[string], VersionRow>(`${VERSIONS} WHERE v.id = ?`).get(id);

/** The version of a data set of this source with this content, removed data sets among them; the oldest one. */
export const findVersion = (db: Db, source: string, sha256: string): VersionRow | undefined =>
  db
    .prepare<[string, string], VersionRow>(
      `${VERSIONS} WHERE d.source = ? AND v.sha256 = ? ORDER BY v.created_at LIMIT 1`,
    )
    .get(source, sha256);

/** A version with this content, of whatever data set. */
export const versionOfContent = (db: Db, sha256: string): VersionRow | undefined =>
  db.prepare<[string], VersionRow>(`${VERSIONS} WHERE v.sha256 = ? LIMIT 1`).get(sha256);

const REMOVED = `SELECT v.id FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id
  WHERE d.removed_at IS NOT NULL OR v.removed_at IS NOT NULL`;

/** Files of removed data sets and versions that no other version shares. */
export const removedFiles = (db: Db): string[] =>
  db
    .prepare<[], string>(
      `SELECT DISTINCT file FROM dataset_versions WHERE id IN (${REMOVED})
       AND file NOT IN (SELECT file FROM dataset_versions WHERE id NOT IN (${REMOVED}))`,
    )
    .pluck()
    .all();

/** Drops what is known of removed data sets and versions. */
export function forgetRemoved(db: Db): void {
  db.transaction(() => {
    db.prepare(`UPDATE experiments SET version_id = NULL WHERE version_id IN (${REMOVED})`).run();
    db.prepare(`UPDATE dataset_versions SET parent_id = NULL WHERE parent_id IN (${REMOVED})`).run();
    db.prepare(`DELETE FROM dataset_versions WHERE id IN (${REMOVED})`).run();
    db.prepare('DELETE FROM datasets WHERE removed_at IS NOT NULL').run();
  })();
}

export function addDataset(db: Db, { id, name, source, createdAt }: Omit<DatasetRecord, 'removedAt'>): void {
  db.prepare('INSERT INTO datasets (id, name, source, created_at) VALUES (?, ?, ?, ?)').run(
    id,
    name,
    source,
    createdAt,
  );
}

/** Its number is the next one of its data set. */
export function addVersion(db: Db, version: NewVersion): void {
  db.prepare(
    `INSERT INTO dataset_versions (id, dataset_id, number, sha256, file, rows, bytes, facts, change, parent_id, created_at)
     VALUES (@id, @datasetId, (SELECT coalesce(max(number), 0) + 1 FROM dataset_versions WHERE dataset_id = @datasetId),
       @sha256, @file, @rows, @bytes, @facts, @change, @parentId, @createdAt)`,
  ).run(version);
}

export const renameDataset = (db: Db, id: string, name: string): void =>
  void db.prepare('UPDATE datasets SET name = ? WHERE id = ?').run(name, id);

/** `at` null: no longer removed. */
export const setDatasetRemoved = (db: Db, id: string, at: number | null): void =>
  void db.prepare('UPDATE datasets SET removed_at = ? WHERE id = ?').run(at, id);

/** `at` null: no longer removed. */
export const setVersionRemoved = (db: Db, id: string, at: number | null): void =>
  void db.prepare('UPDATE dataset_versions SET removed_at = ? WHERE id = ?').run(at, id);

const reportValue = z.string().optional();

/** What was kept under a key for a version: JSON. */
export const readReport = (db: Db, versionId: string, key: string): string | undefined =>
  reportValue.parse(
    db
      .prepare('SELECT report FROM dataset_reports WHERE version_id = ? AND key = ?')
      .pluck()
      .get(versionId, key),
  );

/** What was kept for every version under keys that begin so. */
export const readReportsOf = (db: Db, prefix: string): { versionId: string; report: string }[] =>
  db
    .prepare<[string, string], { versionId: string; report: string }>(
      'SELECT version_id AS versionId, report FROM dataset_reports WHERE substr(key, 1, length(?)) = ?',
    )
    .all(prefix, prefix);

export const keepReport = (db: Db, versionId: string, key: string, report: string): void =>
  void db
    .prepare('INSERT OR REPLACE INTO dataset_reports (version_id, key, report) VALUES (?, ?, ?)')
    .run(versionId, key, report);

/** A corrected label of a row; null: as it is stored. */
export interface LabelChange {
  row: number;
  label: string | null;
}

/** The labels corrected in a version, by row, and the id of the version that holds exactly these; null: none does. */
export function readLabelDraft(
  db: Db,
  versionId: string,
): { changes: { row: number; label: string }[]; savedAs: string | null } {
  const changes = db
    .prepare<[string], { row: number; label: string }>(
      'SELECT row, label FROM label_drafts WHERE version_id = ? ORDER BY row',
    )
    .all(versionId);
  const savedAs = db
    .prepare<[string], string | null>('SELECT draft_saved_as FROM dataset_versions WHERE id = ?')
    .pluck()
    .get(versionId);
  return { changes, savedAs: savedAs ?? null };
}

/** Takes corrections into the draft of a version; what it was saved as holds it no longer. */
export function editLabelDraft(db: Db, versionId: string, changes: readonly LabelChange[]): void {
  const set = db.prepare('INSERT OR REPLACE INTO label_drafts (version_id, row, label) VALUES (?, ?, ?)');
  const clear = db.prepare('DELETE FROM label_drafts WHERE version_id = ? AND row = ?');
  db.transaction(() => {
    for (const { row, label } of changes) {
      if (label === null) clear.run(versionId, row);
      else set.run(versionId, row, label);
    }
    setLabelDraftSaved(db, versionId, null);
  })();
}

export const setLabelDraftSaved = (db: Db, versionId: string, savedAs: string | null): void =>
  void db.prepare('UPDATE dataset_versions SET draft_saved_as = ? WHERE id = ?').run(savedAs, versionId);
