/** Labels that a person corrected in the rows of a version and did not make a version of yet. */
export const sql = `
CREATE TABLE label_drafts (
  version_id TEXT NOT NULL REFERENCES dataset_versions ON DELETE CASCADE,
  row INTEGER NOT NULL,
  label TEXT NOT NULL,
  PRIMARY KEY (version_id, row)
) STRICT, WITHOUT ROWID;

-- The version that holds exactly the draft of this one.
ALTER TABLE dataset_versions ADD COLUMN draft_saved_as TEXT REFERENCES dataset_versions ON DELETE SET NULL;
`;
