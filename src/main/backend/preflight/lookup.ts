import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readVersion, type VersionRow } from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';

const modelRow = z.object({ name: z.string(), folder: z.string(), sha256: z.string().nullable() });

export interface FoundModel extends z.infer<typeof modelRow> {
  id: string;
}
export interface FoundVersion extends VersionRow {
  /** The version's SQLite file. */
  path: string;
}

/** A model of the store whose folder is there; null when it is missing. */
export function findModel({ db }: BackendContext, id: string): FoundModel | null {
  const found = modelRow.safeParse(
    db.prepare('SELECT name, folder, sha256 FROM models WHERE id = ?').get(id),
  );
  return found.success && existsSync(found.data.folder) ? { id, ...found.data } : null;
}

/** A data set version of the store whose file is there; null when it is missing. */
export function findDataVersion({ db, workspace }: BackendContext, id: string): FoundVersion | null {
  const row = readVersion(db, id);
  const path = row && join(workspace.datasets, row.file);
  return row && path !== undefined && existsSync(path) ? { ...row, path } : null;
}
