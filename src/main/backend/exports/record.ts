import { randomUUID } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import type { ExportedTarget } from '../../../shared/contract/exports.ts';
import type { Verification } from '../../engine/export/verification.ts';
import { AdapterStore, type ListedAdapter } from '../../storage/adapters.ts';
import { openDatabase } from '../../storage/database.ts';
import { ExportStore } from '../../storage/exports.ts';
import { openWorkspace } from '../../storage/workspace.ts';
import { hashed, proofOf } from './proof.ts';

/** What the command line wrote. */
export interface ExportRecord {
  /** Folder of the adapter that it is made of; undefined: of a base model alone. */
  adapter: string | undefined;
  name: string;
  folder: string;
  reports: readonly (Pick<ExportedTarget, 'target' | 'state' | 'folder' | 'reason'> & {
    verification: Verification | null;
  })[];
}

/**
 * Puts an export of the command line into a workspace, where the window shows it; what was recorded of the same folders
 * before is replaced. Resolves to its id, or null where the workspace does not know the adapter. Throws `store/…`.
 */
export async function recordExport(workspace: string, record: ExportRecord): Promise<string | null> {
  const db = openDatabase(openWorkspace(workspace).database);
  try {
    const { adapter: given, name, reports } = record;
    const adapter = given === undefined ? undefined : await adapterIn(new AdapterStore(db), given);
    if (!adapter) return null;
    const store = new ExportStore(db);
    const folder = path.resolve(record.folder);
    const targets = reports.map(({ target, state, folder: own, reason, verification }) => ({
      target,
      state,
      folder: path.resolve(own),
      reason,
      bytes: verification?.bytes ?? 0,
      proof: verification && proofOf(verification.outcome),
      snippets: verification?.snippets ?? [],
      verifiedAt: state === 'passed' ? Date.now() : null,
    }));
    const written = new Set(targets.map((target) => target.folder));
    for (const old of store.list())
      if (old.targets.every((target) => written.has(target.folder))) store.remove(old.id);
    const id = randomUUID();
    store.insert({
      id,
      name,
      source: { kind: 'adapter', id: adapter.id },
      modelName: adapter.modelName,
      folder,
      targets,
      createdAt: Date.now(),
    });
    const proofs = targets
      .filter(({ state }) => state === 'passed')
      .map((target) => path.join(target.folder, 'verification.json'));
    store.putHashes(id, await Promise.all(proofs.map(hashed)));
    return id;
  } finally {
    db.close();
  }
}

/** By the path as it is given, or by the one behind its links: the store keeps either. */
async function adapterIn(store: AdapterStore, given: string): Promise<ListedAdapter | undefined> {
  const folder = path.resolve(given);
  return store.inFolder(folder) ?? store.inFolder(await realpath(folder).catch(() => folder));
}
