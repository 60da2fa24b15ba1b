import { existsSync } from 'node:fs';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import type { BackendContext } from '../context.ts';

const modelRow = z.object({ name: z.string(), folder: z.string(), sha256: z.string().nullable() });
export type FoundModel = z.infer<typeof modelRow> & { id: string };

/** A model of the store whose folder is there. Throws `store/unknown`, `experiments/model-missing`. */
export function requireModel({ db }: BackendContext, id: string): FoundModel {
  const found = modelRow.safeParse(
    db.prepare('SELECT name, folder, sha256 FROM models WHERE id = ?').get(id),
  );
  if (!found.success) throw fault('store/unknown', { kind: 'model', id });
  if (!existsSync(found.data.folder)) throw fault('experiments/model-missing', found.data);
  return { id, ...found.data };
}

/** The same, or null where it is missing. */
export function findModel(context: BackendContext, id: string): FoundModel | null {
  try {
    return requireModel(context, id);
  } catch {
    return null;
  }
}
