import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Handlers, ParsedInputOf } from '../../../shared/contract.ts';
import type { Export, exportMethods } from '../../../shared/contract/exports.ts';
import { fault } from '../../../shared/faults/index.ts';
import { requirePlain } from '../../engine/export/card/sources.ts';
import { writeFault } from '../../engine/formats/file-faults.ts';
import { publicName } from '../../engine/hub/repository.ts';
import { otherWrites } from '../../storage/database.ts';
import { ExperimentStore } from '../../storage/experiments.ts';
import { ExportStore, type StoredExport } from '../../storage/exports.ts';
import { writeSetting } from '../../storage/settings.ts';
import { requireUnchanged, trainedModel } from '../adapters/base.ts';
import type { BackendContext } from '../context.ts';
import { inTurn } from '../jobs/turns.ts';
import { LAST_PLACE, offerOf } from './offer.ts';
import { isOurs, prepareFolder, targetFolder, tidyFolder } from './export-folder.ts';
import { trainedSource } from './source.ts';
import { isWritten, verifyTargets } from './verify.ts';
import { writeExport, type ExportPlan } from './write-export.ts';

/** Exports: what can be made, writing and proving it, proving it again. */
export function exportHandlers(context: BackendContext): Handlers<keyof typeof exportMethods> {
  const { db, emit, jobs, workspace } = context;
  const store = new ExportStore(db);
  const writing = (id: string) => jobs.under(`write ${id}`);
  relocate(store, workspace.exports);
  const tidied = endUnfinished(store);
  /** What windows are told, in its order. */
  let telling: Promise<void> = tidied;
  context.onClose(() => telling);

  const present = async (stored: StoredExport): Promise<Export> => ({
    ...stored,
    targets: await Promise.all(
      stored.targets.map(async (target) => {
        const isGone =
          (target.state === 'passed' || target.state === 'failed') && !(await isThere(target.folder));
        return isGone
          ? { ...target, state: 'missing' as const, reason: `${target.folder} is gone.` }
          : target;
      }),
    ),
    jobId: (writing(stored.id) ?? jobs.under(`verify ${stored.id}`))?.id ?? null,
  });
  const changed = (id: string): void => {
    const tell = async () => {
      if (store.has(id)) emit('exports/changed', await present(store.read(id)));
    };
    telling = telling.then(tell).catch(() => undefined);
  };

  const watch = watchOthers(context, store, changed);
  context.onClose(() => Promise.resolve(clearInterval(watch)));

  return {
    'exports/offer': ({ source }) => offerOf(context, store, source),
    'exports/start': async (request) => {
      await tidied;
      const plan = await planOf(context, store, request);
      const { id } = plan;
      jobs.start({
        kind: 'export',
        key: `write ${id}`,
        title: titleOf(context, request.name),
        ended: () => changed(id),
        work: async (control) => {
          try {
            await inTurn(context, control, () =>
              writeExport(context, store, plan, control, () => changed(id)),
            );
            return id;
          } finally {
            // Cancelled in the middle, or before its turn came.
            store.cancelUnfinished([id]);
            await tidyFolder(plan.request.folder);
          }
        },
      });
      writeSetting(db, LAST_PLACE, path.dirname(request.folder));
      changed(id);
      return { export: await present(store.read(id)) };
    },
    'exports/list': async () => ({ exports: await Promise.all(store.list().map(present)) }),
    'exports/read': async ({ id }) => ({ export: await present(store.read(id)) }),
    'exports/verify': ({ id }) => {
      const { name, targets } = store.read(id);
      if (writing(id)) throw fault('exports/running', { name });
      if (!targets.some(isWritten)) throw fault('exports/nothing-to-verify', { name });
      const job = jobs.begin({
        kind: 'verify',
        key: `verify ${id}`,
        title: `Proving ${name} again`,
        ended: () => changed(id),
        work: async (control) => {
          await inTurn(context, control, () => verifyTargets(context, store, id, control, () => changed(id)));
          return id;
        },
      });
      changed(id);
      return job;
    },
    'exports/remove': async ({ id, files }) => {
      const found = store.read(id);
      if (writing(id)) throw fault('exports/running', { name: found.name });
      if (files) await deleteFiles(found, store);
      store.remove(id);
      emit('exports/removed', { id });
    },
  };
}

/** Checks everything that can be said at once, and puts the export into the store. Throws what refuses it. */
async function planOf(
  context: BackendContext,
  store: ExportStore,
  given: ParsedInputOf<'exports/start'>,
): Promise<ExportPlan> {
  const targets = [...new Set(given.targets)];
  const request = { ...given, targets, folder: path.normalize(given.folder) };
  const { folder } = request;
  const source = trainedSource(context.db, request.source);
  const offer = await offerOf(context, store, request.source);
  const refusals = new Map(offer.targets.map(({ target, refused }) => [target, refused]));
  const possible = targets.filter((target) => refusals.get(target) == null);
  const engineTargets = possible.filter((target) => target !== 'script');
  // Why nothing can be made is said at once; what cannot be made beside others stands with them.
  const model = targets.some((target) => target !== 'script')
    ? await trainedModel(context, source.adapter)
    : null;
  if (model) await requireUnchanged(source.adapter);
  if (possible.length === 0)
    throw fault('exports/refused', { target: targets[0]!, reason: refusals.get(targets[0]!)! });
  const other = store.list().find((each) => each.folder === folder && context.jobs.under(`write ${each.id}`));
  if (other) throw fault('exports/same-folder', { folder, name: other.name });
  requirePlain('the folder', path.basename(folder));
  if (model) requirePlain('the base model', publicName(model.name));
  await prepareFolder(folder, possible, request.overwrite);
  const id = randomUUID();
  store.insert({
    id,
    name: request.name,
    source: request.source,
    modelName: source.adapter.modelName,
    folder,
    targets: targets.map((target) => ({
      target,
      state: possible.includes(target) ? 'waiting' : 'refused',
      folder: targetFolder(folder, target),
      ...{ bytes: 0, reason: refusals.get(target) ?? null, proof: null, snippets: [], verifiedAt: null },
    })),
    createdAt: Date.now(),
  });
  return { id, request, source, model, engineTargets };
}

const LOOK_MS = 2000;

/** Exports that other programs record in this store, or replace there: `graft export --workspace`. */
function watchOthers(
  { db, emit }: BackendContext,
  store: ExportStore,
  changed: (id: string) => void,
): NodeJS.Timeout {
  const written = otherWrites(db);
  let known = new Set(store.ids());
  return setInterval(() => {
    if (!written()) return;
    const ids = new Set(store.ids());
    for (const id of ids) if (!known.has(id)) changed(id);
    for (const id of known) if (!ids.has(id)) emit('exports/removed', { id });
    known = ids;
  }, LOOK_MS).unref();
}

/** Training goes on beside: an export computes on the processor, and both take longer. */
function titleOf({ db }: BackendContext, name: string): string {
  const [running] = new ExperimentStore(db).running();
  if (running === undefined) return `Exporting ${name}`;
  return `Exporting ${name} while ${new ExperimentStore(db).line(running).name} trains: both take longer`;
}

const isThere = (folder: string): Promise<boolean> =>
  stat(folder).then(
    () => true,
    () => false,
  );

/** What nothing writes any more: the app was closed, or killed, in the middle. */
async function endUnfinished(store: ExportStore): Promise<void> {
  const ids = store.unfinished();
  store.cancelUnfinished(ids);
  for (const id of ids) await tidyFolder(store.read(id).folder);
}

/** Whether a target was written, or is being written, over what stood in its folder before. */
const takesPlace = ({ state }: StoredExport['targets'][number]): boolean =>
  state !== 'refused' && state !== 'cancelled';

/** Deletes what an export wrote, and its folder when nothing else is in it. Throws `files/unwritable`. */
async function deleteFiles({ id, folder, targets }: StoredExport, store: ExportStore): Promise<void> {
  const all = store.list();
  const later = all.slice(
    0,
    all.findIndex((other) => other.id === id),
  );
  const writtenOver = new Set(
    later.flatMap((other) => other.targets.filter(takesPlace)).map((target) => target.folder),
  );
  for (const target of targets.filter(isWritten)) {
    if (writtenOver.has(target.folder)) continue;
    const names = await readdir(target.folder).catch(() => []);
    // Something of another program stands there by now.
    if (!isOurs(names)) continue;
    await rm(target.folder, { recursive: true, force: true }).catch((error: unknown) => {
      throw writeFault(target.folder, error);
    });
  }
  await rmdir(folder).catch(() => undefined);
}

/** A workspace that was moved: exports that were written into it are found at their new place. */
function relocate(store: ExportStore, folder: string): void {
  for (const { id, folder: known } of store.list()) {
    const now = path.join(folder, path.basename(known));
    // What never moved may lie on a drive that takes its time to say that it is not there.
    if (known !== now && existsSync(now) && !existsSync(known)) store.setFolder(id, known, now);
  }
}
