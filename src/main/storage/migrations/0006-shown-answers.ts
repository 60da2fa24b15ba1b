/** What lists of answers filter and order by, beside each answer; null until `fillShown` has read it out of the answer. */
export const sql = `
ALTER TABLE answers ADD COLUMN expected TEXT;
ALTER TABLE answers ADD COLUMN predicted TEXT;
ALTER TABLE answers ADD COLUMN score REAL;
ALTER TABLE answers ADD COLUMN expected_score REAL;
`;
