import { z } from 'zod';
import type { AdapterDetail } from '../../../shared/contract/adapters.ts';
import type { AdapterStore, ListedAdapter } from '../../storage/adapters.ts';
import { readVersion } from '../../storage/datasets.ts';
import type { Db } from '../../storage/database.ts';
import type { ExportStore, StoredExport } from '../../storage/exports.ts';
import type { BackendContext } from '../context.ts';
import { baseNow } from './base.ts';

type Lineage = AdapterDetail['lineage'];

const experimentRow = z.object({
  id: z.string(),
  name: z.string(),
  versionId: z.string().nullable(),
  accuracy: z.number().nullable(),
  finishedAt: z.number().nullable(),
});

/** Where an adapter came from and what was made of it. */
export async function lineageOf(
  context: BackendContext,
  stores: { adapters: AdapterStore; exports: ExportStore },
  adapter: ListedAdapter,
): Promise<Lineage> {
  const { db } = context;
  const found = experimentOf(db, adapter.experimentId);
  const version = found?.versionId == null ? undefined : readVersion(db, found.versionId);
  const { modelId, name, sha256, matches, problem } = await baseNow(context, adapter);
  return {
    data: version
      ? {
          datasetId: version.datasetId,
          versionId: version.id,
          name: version.datasetName,
          number: version.number,
          rows: version.rows,
        }
      : null,
    experiment: found
      ? { id: found.id, name: found.name, accuracy: found.accuracy, finishedAt: found.finishedAt }
      : null,
    base: {
      modelId,
      name,
      sha256,
      matches,
      reason: problem && `${problem.message} ${problem.remedy}`,
    },
    parts: adapter.facts.parts,
    exports: exportsOf(stores.exports, [adapter]).map(({ id, name: called, createdAt, targets }) => ({
      id,
      name: called,
      createdAt,
      passed: passed(targets),
    })),
  };
}

/** Exports that were made of these adapters, or of the experiments that trained them. */
export function exportsOf(exports: ExportStore, adapters: readonly ListedAdapter[]): StoredExport[] {
  const sources = new Set(adapters.flatMap(({ id, experimentId }) => [id, experimentId]));
  return exports.list().filter(({ source }) => sources.has(source.id));
}

/** Null: not proved yet, or stopped before. */
function passed(targets: StoredExport['targets']): boolean | null {
  const states = new Set(targets.map(({ state }) => state));
  if (states.has('failed') || states.has('refused') || states.has('missing')) return false;
  return states.size === 1 && states.has('passed') ? true : null;
}

function experimentOf(db: Db, id: string | null): z.infer<typeof experimentRow> | undefined {
  if (id === null) return undefined;
  const row = db
    .prepare(
      `SELECT id, name, version_id AS versionId, json_extract(metrics, '$.accuracy') AS accuracy,
         finished_at AS finishedAt FROM experiments WHERE id = ?`,
    )
    .get(id);
  return row === undefined ? undefined : experimentRow.parse(row);
}
