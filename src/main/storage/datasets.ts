import { z } from 'zod';
import { datasetSchema, versionSchema } from '../../shared/contract/datasets.ts';
import type { Db } from './database.ts';
import { add, change, column, json, row, rows, run, value } from './query.ts';

/** A data set version as the state knows it. */
const versionRow = versionSchema
  .omit({ present: true, labels: true, splits: true, columns: true, reading: true })
  .extend({
    datasetName: z.string(),
    /** Its name in the workspace's folder of data sets. */
    file: z.string(),
    /** JSON. */
    facts: z.string(),
    /** Its rows are those of this hub data set as they stand. */
    hub: json(z.object({ hubId: z.string(), config: z.string() })).nullable(),
  });
export type VersionRow = z.infer<typeof versionRow>;

const datasetRow = datasetSchema
  .pick({ id: true, name: true, source: true, createdAt: true })
  .extend({ removedAt: z.number().nullable() });
export type DatasetRecord = z.infer<typeof datasetRow>;

const VERSIONS = `
SELECT v.*, d.name AS dataset_name,
  (SELECT count(*) FROM experiments e WHERE e.version_id = v.id AND e.removed_at IS NULL) AS experiments,
  (SELECT count(*) FROM label_drafts l WHERE l.version_id = v.id AND v.draft_saved_as IS NULL) AS unsaved
FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id`;

/** Data sets that are not removed, the newest first. */
export const listDatasets = (db: Db): DatasetRecord[] =>
  rows(
    db,
    datasetRow,
    'SELECT * FROM datasets WHERE removed_at IS NULL ORDER BY created_at DESC, rowid DESC',
  );

export const readDataset = (db: Db, id: string): DatasetRecord | undefined =>
  row(db, datasetRow, 'SELECT * FROM datasets WHERE id = ?', id);

/** Versions of a data set that are not removed, the newest first. */
export const listVersions = (db: Db, datasetId: string): VersionRow[] =>
  rows(
    db,
    versionRow,
    `${VERSIONS} WHERE v.dataset_id = ? AND v.removed_at IS NULL ORDER BY v.number DESC`,
    datasetId,
  );

export const readVersion = (db: Db, id: string): VersionRow | undefined =>
  row(db, versionRow, `${VERSIONS} WHERE v.id = ?`, id);

/** The version of a data set of this source with this content, removed data sets among them; the oldest one. */
export const findVersion = (db: Db, source: string, sha256: string): VersionRow | undefined =>
  row(
    db,
    versionRow,
    `${VERSIONS} WHERE d.source = ? AND v.sha256 = ? ORDER BY v.created_at`,
    source,
    sha256,
  );

/** A version with this content, of whatever data set. */
export const versionOfContent = (db: Db, sha256: string): VersionRow | undefined =>
  row(db, versionRow, `${VERSIONS} WHERE v.sha256 = ?`, sha256);

const REMOVED = `SELECT v.id FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id
  WHERE d.removed_at IS NOT NULL OR v.removed_at IS NOT NULL`;

/** Files of removed data sets and versions that no other version shares. */
export const removedFiles = (db: Db): string[] =>
  column(
    db,
    z.string(),
    `SELECT DISTINCT file FROM dataset_versions WHERE id IN (${REMOVED})
     AND file NOT IN (SELECT file FROM dataset_versions WHERE id NOT IN (${REMOVED}))`,
  );

/** Drops what is known of removed data sets and versions. */
export const forgetRemoved = (db: Db): void =>
  db.transaction(() => {
    db.exec(`UPDATE experiments SET version_id = NULL WHERE version_id IN (${REMOVED});
      UPDATE dataset_versions SET parent_id = NULL WHERE parent_id IN (${REMOVED});
      DELETE FROM dataset_versions WHERE id IN (${REMOVED});
      DELETE FROM datasets WHERE removed_at IS NOT NULL`);
  })();

export const addDataset = (db: Db, dataset: Omit<DatasetRecord, 'removedAt'>): void =>
  add(db, 'datasets', dataset);

/** Its number is the next one of its data set. */
export function addVersion(
  db: Db,
  version: Omit<VersionRow, 'number' | 'datasetName' | 'experiments' | 'unsaved'>,
): void {
  const last = 'SELECT coalesce(max(number), 0) FROM dataset_versions WHERE dataset_id = ?';
  add(db, 'dataset_versions', { ...version, number: value(db, z.number(), last, version.datasetId) + 1 });
}

export const renameDataset = (db: Db, id: string, name: string): void => change(db, 'datasets', id, { name });

/** `at` null: no longer removed. */
export const setDatasetRemoved = (db: Db, id: string, at: number | null): void =>
  change(db, 'datasets', id, { removedAt: at });

/** `at` null: no longer removed. */
export const setVersionRemoved = (db: Db, id: string, at: number | null): void =>
  change(db, 'dataset_versions', id, { removedAt: at });

/** What was kept under a key for a version; undefined: nothing. */
export const readReport = <Schema extends z.ZodType>(
  db: Db,
  versionId: string,
  key: string,
  schema: Schema,
) =>
  value(
    db,
    json(schema).optional(),
    'SELECT report FROM dataset_reports WHERE version_id = ? AND key = ?',
    versionId,
    key,
  );

/** What was kept for every version under keys that begin so. */
export const readReportsOf = <Schema extends z.ZodType>(db: Db, prefix: string, schema: Schema) =>
  rows(
    db,
    z.object({ versionId: z.string(), report: json(schema) }),
    'SELECT version_id, report FROM dataset_reports WHERE substr(key, 1, length(?)) = ?',
    prefix,
    prefix,
  );

export const keepReport = (db: Db, versionId: string, key: string, report: object): void =>
  run(db, 'INSERT OR REPLACE INTO dataset_reports VALUES (?, ?, ?)', versionId, key, JSON.stringify(report));

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
  // Up to 100,000 rows: as they are.
  const drafts = db.prepare<[string], { row: number; label: string }>(
    'SELECT row, label FROM label_drafts WHERE version_id = ? ORDER BY row',
  );
  const saved = 'SELECT draft_saved_as FROM dataset_versions WHERE id = ?';
  return {
    changes: drafts.all(versionId),
    savedAs: value(db, z.string().nullish(), saved, versionId) ?? null,
  };
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
  change(db, 'dataset_versions', versionId, { draftSavedAs: savedAs });
