import { z } from 'zod';
import { importReadingSchema } from '../../../../shared/contract/datasets.ts';
import type { Db } from '../../../storage/database.ts';

const counted = z.array(z.object({ name: z.string(), rows: z.number().int() }));

/** What the store keeps of a version beside its hash and size. */
export const factsSchema = z.object({
  labels: counted,
  splits: counted,
  /** Names of the columns that it was made of: text, second text, label, split, extra ones. */
  columns: z.array(z.string()),
  /** Absent in versions of before, and where rows came as they are. */
  reading: importReadingSchema.nullable().default(null),
});
export type VersionFacts = z.infer<typeof factsSchema>;

/** Reads them from an open version file. */
export function readFacts(db: Db): VersionFacts & { rows: number } {
  const counts = (table: string, column: string) =>
    db
      .prepare(
        `SELECT name, coalesce(n, 0) AS rows FROM ${table}
         LEFT JOIN (SELECT ${column} AS place, count(*) AS n FROM rows GROUP BY 1) USING (place) ORDER BY place`,
      )
      .all();
  const reading = z
    .string()
    .optional()
    .parse(db.prepare("SELECT value FROM meta WHERE key = 'reading'").pluck().get());
  return factsSchema.extend({ rows: z.number().int() }).parse({
    reading: reading === undefined ? null : parseJson(reading),
    rows: db.prepare('SELECT count(*) FROM rows').pluck().get(),
    labels: counts('labels', 'label'),
    splits: counts('splits', 'split'),
    columns: parseJson(
      z.string().parse(db.prepare("SELECT value FROM meta WHERE key = 'columns'").pluck().get()),
    ),
  });
}

const parseJson = (text: string): unknown => JSON.parse(text);
