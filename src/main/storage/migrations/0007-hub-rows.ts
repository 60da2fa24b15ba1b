/** Of a version whose rows are a hub data set's as they stand: which one's. Before, its sentences said it. */
export const sql = `
ALTER TABLE dataset_versions ADD COLUMN hub TEXT;
UPDATE dataset_versions SET hub = (
  SELECT json_object('hubId', substr(source, 1, instr(source, ' (') - 1),
    'config', substr(source, instr(source, ' (') + 2, length(source) - instr(source, ' (') - 2))
  FROM datasets d WHERE d.id = dataset_id AND source GLOB '* (*)'
) WHERE number = 1 AND change = (SELECT 'Imported from ' || source FROM datasets d WHERE d.id = dataset_id);
`;
