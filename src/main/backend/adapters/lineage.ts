import type { AdapterDetail } from '../../../shared/contract/adapters.ts';
import type { AdapterStore, ListedAdapter } from '../../storage/adapters.ts';
import { readVersion } from '../../storage/datasets.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import type { ExportStore, StoredExport } from '../../storage/exports.ts';
import type { BackendContext } from '../context.ts';
import { baseNow } from './base.ts';

type Lineage = AdapterDetail['lineage'];

/** Where an adapter came from and what was made of it. */
export async function lineageOf(
  context: BackendContext,
  stores: { adapters: AdapterStore; exports: ExportStore },
  adapter: ListedAdapter,
): Promise<Lineage> {
  const { db } = context;
  const found = adapter.experimentId === null ? null : new ExperimentStore(db).line(adapter.experimentId);
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
    experiment: found && {
      id: found.id,
      name: found.name,
      accuracy: found.metrics?.['accuracy'] ?? null,
      finishedAt: found.finishedAt,
    },
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
