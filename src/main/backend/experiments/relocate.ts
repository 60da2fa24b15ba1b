import path from 'node:path';
import { z } from 'zod';
import type { Db } from '../../storage/database.ts';

const rowSchema = z.object({ id: z.string(), folder: z.string() });

/** A workspace that was moved or renamed: what stands in its folder of experiments is found at its new place. */
export function relocate(db: Db, experiments: string): void {
  const moved = z.array(rowSchema).parse(
    db
      .prepare(
        `SELECT id, folder FROM experiments
         WHERE substr(folder, -length(id)) = id AND folder <> ? || id`,
      )
      .all(experiments + path.sep),
  );
  if (moved.length === 0) return;
  const update = (sql: string) => db.prepare<[{ id: string; from: string; to: string }]>(sql);
  const updates = [
    update(
      `UPDATE experiments SET folder = @to, details = json_set(details, '$.baseDir', @to) WHERE id = @id`,
    ),
    update('UPDATE adapters SET folder = @to WHERE experiment_id = @id AND folder = @from'),
    update(
      `UPDATE files SET path = @to || substr(path, length(@from) + 1)
       WHERE owner_id = @id OR owner_id IN (SELECT id FROM adapters WHERE experiment_id = @id)`,
    ),
  ];
  db.transaction(() => {
    for (const { id, folder } of moved)
      for (const one of updates) one.run({ id, from: folder, to: path.join(experiments, id) });
  })();
}
