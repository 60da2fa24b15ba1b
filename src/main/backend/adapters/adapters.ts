import { methodOf, rankOf } from '../../../shared/methods/index.ts';
import path from 'node:path';
import { z } from 'zod';
import type { Adapter, AdapterDetail, adapterMethods } from '../../../shared/contract/adapters.ts';
import type { Handlers } from '../../../shared/contract.ts';
import { fault } from '../../../shared/faults/index.ts';
import { removeLeftovers } from '../../engine/formats/temporary.ts';
import { readJsonFile } from '../../engine/formats/json.ts';
import { AdapterStore, type ListedAdapter } from '../../storage/adapters.ts';
import { readVersion } from '../../storage/datasets.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { ExportStore, type StoredExport } from '../../storage/exports.ts';
import type { App } from '../app.ts';
import type { BackendContext } from '../context.ts';
import { baseNow, isPresent } from './base.ts';
import { adapterConfig, folderLabels } from './adapter-folder.ts';
import { importAdapter } from './import.ts';
import { startMerge } from './merge.ts';

/** The library of adapters: those of experiments by themselves, imported and merged ones beside them. */
export function adapterHandlers(
  context: BackendContext,
  app: Pick<App, 'onEvent'>,
): Handlers<Exclude<keyof typeof adapterMethods, 'adapters/evaluate' | 'adapters/evaluations'>> {
  const { db, emit, workspace } = context;
  const store = new AdapterStore(db);
  const exports = new ExportStore(db);
  // A workspace that was moved: its adapters are found at their new place.
  store.relocate(workspace.adapters);
  // What a killed program left half written: nothing else writes there yet.
  const cleared = removeLeftovers(workspace.adapters).catch(() => undefined);
  const off = app.onEvent(({ event, data }) => {
    if (isNewAdapter(event, data)) emit('adapters/changed', { id: null });
  });
  context.onClose(async () => {
    off();
    await cleared;
  });
  const several = (ids: readonly string[], removedAt: number | null): Record<string, never> => {
    const adapters = ids.map((id) => store.read(id));
    db.transaction(() => adapters.forEach(({ id }) => store.setRemoved(id, removedAt)))();
    for (const { id } of adapters) emit('adapters/changed', { id });
    return {};
  };

  return {
    'adapters/list': async () => ({
      adapters: await Promise.all(
        store
          .list()
          // Where every weight was trained there is no adapter to list.
          .filter(({ peftType }) => !methodOf(peftType)?.wholeModel)
          .map((adapter) => present(store, adapter)),
      ),
    }),
    'adapters/read': async ({ id }) => {
      const stored = store.read(id);
      const adapter = await present(store, stored);
      return {
        adapter,
        lineage: await lineageOf(context, { adapters: store, exports }, stored),
        config: await configOf(stored.folder),
        problem: problemOf(stored),
      };
    },
    'adapters/import': async (request) => {
      await cleared;
      const id = await importAdapter(context, store, request);
      emit('adapters/changed', { id });
      return { adapter: await present(store, store.read(id)) };
    },
    'adapters/merge': async (request) => {
      await cleared;
      return { jobId: await startMerge(context, store, request) };
    },
    'adapters/update': async ({ id, name }) => {
      store.read(id);
      store.rename(id, name);
      emit('adapters/changed', { id });
      return { adapter: await present(store, store.read(id)) };
    },
    'adapters/dependents': ({ ids }) => {
      const chosen = ids.map((id) => store.read(id));
      const merged = store
        .list()
        .filter(({ id, facts }) => !ids.includes(id) && facts.parts.some((part) => ids.includes(part.id)));
      return {
        exports: exportsOf(exports, chosen).map(({ id, name }) => ({ id, name })),
        adapters: merged.map(({ id, name }) => ({ id, name })),
      };
    },
    'adapters/remove': ({ ids }) => several(ids, Date.now()),
    'adapters/restore': ({ ids }) => several(ids, null),
  };
}

/** As windows see it. What was stored before labels were kept is completed from its files. */
async function present(store: AdapterStore, stored: ListedAdapter): Promise<Adapter> {
  const { id, name, origin, experimentId, modelId, modelName, peftType, bytes, sha256, folder } = stored;
  const isThere = await isPresent(stored);
  let { facts } = stored;
  if (facts.labels.length === 0 && isThere) {
    // A damaged file of one adapter does not hide the others.
    const config = await adapterConfig(folder).catch(() => null);
    const rank = rankOf(peftType, config?.r);
    facts = { ...facts, rank, labels: await folderLabels(folder) };
    if (facts.labels.length > 0) store.setFacts(id, facts);
  }
  return {
    ...{ id, name, origin, experimentId, modelId, modelName, peftType, bytes, sha256, folder },
    rank: facts.rank,
    labels: facts.labels,
    present: isThere,
    exports: stored.exports,
    createdAt: stored.createdAt,
  };
}

/** adapter_config.json as it stands; nothing where it is gone. */
async function configOf(folder: string): Promise<Record<string, unknown>> {
  const read = await readJsonFile(path.join(folder, 'adapter_config.json')).catch(() => ({}));
  return z.record(z.string(), z.unknown()).catch({}).parse(read);
}

/** Why an adapter cannot be used as it is, though its files are whole. */
function problemOf({ folder, facts }: ListedAdapter): AdapterDetail['problem'] {
  const { lost, base } = facts;
  return lost && fault('peft/lost-layers', { file: folder, model: base?.folder ?? '', ...lost }).toJSON();
}

const changeSchema = z.object({ state: z.enum(['finished', 'stopped']) });

/** Whether an event of experiments may have changed the library. */
function isNewAdapter(event: string, data: unknown): boolean {
  if (event === 'experiments/removed') return true;
  return event === 'experiments/changed' && changeSchema.safeParse(data).success;
}

/** Where an adapter came from and what was made of it. */
async function lineageOf(
  context: BackendContext,
  stores: { adapters: AdapterStore; exports: ExportStore },
  adapter: ListedAdapter,
): Promise<AdapterDetail['lineage']> {
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
function exportsOf(exports: ExportStore, adapters: readonly ListedAdapter[]): StoredExport[] {
  const sources = new Set(adapters.flatMap(({ id, experimentId }) => [id, experimentId]));
  return exports.list().filter(({ source }) => sources.has(source.id));
}

/** Null: not proved yet, or stopped before. */
function passed(targets: StoredExport['targets']): boolean | null {
  const states = new Set(targets.map(({ state }) => state));
  if (states.has('failed') || states.has('refused') || states.has('missing')) return false;
  return states.size === 1 && states.has('passed') ? true : null;
}
