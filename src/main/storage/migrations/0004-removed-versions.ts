/** A version of a data set that a person removed; it can be brought back until storage is cleaned. */
export const sql = 'ALTER TABLE dataset_versions ADD COLUMN removed_at INTEGER;';
