import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, link, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { syncFolder } from '../../engine/formats/atomic.ts';
import { storeFault } from '../../storage/database.ts';
import {
  addDataset,
  addVersion,
  listVersions,
  versionOfContent,
  type VersionRow,
} from '../../storage/datasets.ts';
import type { BackendContext } from '../context.ts';
import { markWhole, stateOf, versionFile } from './presence.ts';
import type { MadeVersion } from './version/make-version.ts';

export interface Keeping {
  /** A known data set, or a new one. */
  dataset: { id: string } | { name: string; source: string };
  change: string;
  parent: VersionRow | null;
  /** Of rows that are a hub data set's as they stand. */
  hub?: VersionRow['hub'];
  /** The rows are the parent's, in its order: what was counted of their texts holds. */
  sameTexts?: boolean;
}

/** A name for a file that is being made. Emptied with its folder when Graft starts. */
const temporaryFile = ({ workspace }: BackendContext): string =>
  join(workspace.temporary, `${randomUUID()}.db`);

/** Runs the making of a file under a temporary name; nothing of it stays when it fails. Throws `store/gone` too. */
export async function withTemporary<Result>(
  context: BackendContext,
  work: (file: string) => Promise<Result>,
): Promise<Result> {
  const file = temporaryFile(context);
  try {
    return await work(file);
  } catch (error) {
    const { dir } = context.workspace;
    throw existsSync(dir) ? storeFault(file, error) : fault('store/gone', { dir }, error);
  } finally {
    await rm(file, { force: true });
  }
}

/** Gives a made version file its name and makes it known: the id of the version. */
export async function keepVersion(
  context: BackendContext,
  made: MadeVersion,
  keeping: Keeping,
): Promise<string> {
  const { db } = context;
  const file = `${made.sha256}.db`;
  await putInPlace(context, made, file);
  if (keeping.parent && keeping.sameTexts) await carryLengths(context, keeping.parent, made.sha256);
  const id = randomUUID();
  const createdAt = Date.now();
  const datasetId = 'id' in keeping.dataset ? keeping.dataset.id : randomUUID();
  db.transaction(() => {
    if ('name' in keeping.dataset) addDataset(db, { id: datasetId, createdAt, ...keeping.dataset });
    addVersion(db, {
      id,
      datasetId,
      sha256: made.sha256,
      file,
      rows: made.rows,
      bytes: made.bytes,
      facts: JSON.stringify(made.facts),
      change: keeping.change,
      parentId: keeping.parent?.id ?? null,
      hub: keeping.hub ?? null,
      createdAt,
    });
  })();
  context.emit('datasets/changed', { id: datasetId });
  return id;
}

/** The newest version of a data set. */
export const latestVersion = ({ db }: BackendContext, datasetId: string): VersionRow | null =>
  listVersions(db, datasetId)[0] ?? null;

/** Renames a made file to the name of its content; a whole file of that name is as good. */
export async function putInPlace(context: BackendContext, made: MadeVersion, file: string): Promise<void> {
  const target = versionFile(context, { file });
  const known = versionOfContent(context.db, made.sha256);
  if (known && stateOf(context, known) === 'present') return;
  await rename(made.file, target);
  await syncFolder(context.workspace.datasets);
  markWhole(target);
}

/** Token lengths beside the parent's file hold for a version with the same texts. */
async function carryLengths(
  { workspace }: BackendContext,
  parent: VersionRow,
  sha256: string,
): Promise<void> {
  const counted = `${parent.sha256}.lengths-`;
  for (const name of await readdir(workspace.datasets)) {
    if (!name.startsWith(counted)) continue;
    const from = join(workspace.datasets, name);
    const to = join(workspace.datasets, `${sha256}.lengths-${name.slice(counted.length)}`);
    if (!existsSync(to)) await link(from, to).catch(() => copyFile(from, to));
  }
}
