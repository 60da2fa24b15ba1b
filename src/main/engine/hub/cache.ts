import { copyFile, mkdir, readFile, readdir, readlink, rm, stat, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { writeFileAtomic } from '../formats/atomic.ts';
import { writeFault } from '../formats/file-faults.ts';

/** One model in the cache, laid out as Python's huggingface_hub does: refs, snapshots of links, blobs. */
export class CachedModel {
  readonly folder: string;

  /** `id` is checked by the caller: at most one slash, no other way out of the cache. */
  constructor(cacheDir: string, id: string) {
    this.folder = join(cacheDir, ['models', ...id.split('/')].join('--'));
  }

  snapshotFolder(commit: string): string {
    return join(this.folder, 'snapshots', commit);
  }

  blobPath(etag: string): string {
    return join(this.folder, 'blobs', etag);
  }

  /** The snapshot that a branch, tag or commit stands for, if it is known. */
  async snapshot(revision: string): Promise<string | null> {
    if (isCommit(revision)) return this.snapshotFolder(revision);
    const commit = (await readFile(this.refFile(revision), 'utf8').catch(() => '')).trim();
    return isCommit(commit) ? this.snapshotFolder(commit) : null;
  }

  async setRevision(revision: string, commit: string): Promise<void> {
    if (isCommit(revision)) return;
    const file = this.refFile(revision);
    await makeFolder(dirname(file));
    await writeFileAtomic(file, commit);
  }

  private refFile(revision: string): string {
    return join(this.folder, 'refs', revision);
  }

  /** Deletes a snapshot, and of the blobs those that no other snapshot uses. */
  async removeSnapshot(commit: string): Promise<void> {
    const snapshots = join(this.folder, 'snapshots');
    await rm(this.snapshotFolder(commit), { recursive: true, force: true });
    const others = await readdir(snapshots).catch(() => []);
    if (others.length === 0) return rm(this.folder, { recursive: true, force: true });
    const used = new Set<string>();
    for (const name of await readdir(snapshots, { recursive: true })) {
      const link = await readlink(join(snapshots, name)).catch(() => null);
      if (link !== null) used.add(basename(link));
    }
    for (const blob of await readdir(join(this.folder, 'blobs')).catch(() => [])) {
      if (!used.has(blob)) await rm(this.blobPath(blob), { force: true });
    }
    const refs = join(this.folder, 'refs');
    for (const name of await readdir(refs, { recursive: true }).catch(() => [])) {
      const text = await readFile(join(refs, name), 'utf8').catch(() => '');
      if (text.trim() === commit) await rm(join(refs, name), { force: true });
    }
  }

  /** Makes `name` of a snapshot stand for a blob. */
  async link(commit: string, name: string, etag: string): Promise<void> {
    const link = join(this.snapshotFolder(commit), name);
    await makeFolder(dirname(link));
    await rm(link, { force: true });
    try {
      await symlink(relative(dirname(link), this.blobPath(etag)), link);
    } catch {
      // Windows without developer mode has no links; Python copies there as well.
      await copyFile(this.blobPath(etag), link).catch((error: unknown) => {
        throw writeFault(link, error);
      });
    }
  }
}

/** The name of a snapshot; nothing else may become a folder. */
export function isCommit(text: string): boolean {
  return /^[0-9a-f]{40}$/.test(text);
}

export async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw writeFault(folder, error);
  });
}

/** The files of a folder by name; links that lead nowhere do not count. */
export async function fileNames(folder: string): Promise<Set<string>> {
  const names = await readdir(folder).catch(() => []);
  const there = await Promise.all(names.map((name) => isFile(join(folder, name))));
  return new Set(names.filter((_, i) => there[i]));
}

export async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/** The model and commit of a folder that is a snapshot in the cache; null for any other folder. */
export function cachedSnapshot(cacheDir: string, folder: string): { id: string; commit: string } | null {
  const [model = '', snapshots, commit = '', ...more] = resolve(folder)
    .slice(resolve(cacheDir).length + 1)
    .split(sep);
  const isInside = resolve(folder).startsWith(resolve(cacheDir) + sep);
  if (!isInside || snapshots !== 'snapshots' || more.length > 0 || !isCommit(commit)) return null;
  const [kind, ...id] = model.split('--');
  return kind === 'models' && id.length > 0 && id.length <= 2 ? { id: id.join('/'), commit } : null;
}

/** Every model in the cache that has a snapshot: its id, and the folder of main, else of the newest one. */
export async function cachedModels(cacheDir: string): Promise<{ id: string; snapshot: string }[]> {
  const found: { id: string; snapshot: string }[] = [];
  for (const name of (await readdir(cacheDir).catch(() => [])).sort()) {
    const [kind, ...parts] = name.split('--');
    if (kind !== 'models' || parts.length === 0 || parts.length > 2) continue;
    const id = parts.join('/');
    const model = new CachedModel(cacheDir, id);
    const snapshot = (await model.snapshot('main')) ?? (await newestSnapshot(model));
    if (snapshot !== null) found.push({ id, snapshot });
  }
  return found;
}

async function newestSnapshot(model: CachedModel): Promise<string | null> {
  const names = (await readdir(join(model.folder, 'snapshots')).catch(() => [])).filter(isCommit);
  const dated = await Promise.all(
    names.map(async (commit) => {
      const folder = model.snapshotFolder(commit);
      return { folder, at: (await stat(folder).catch(() => null))?.mtimeMs ?? 0 };
    }),
  );
  return dated.sort((a, b) => b.at - a.at)[0]?.folder ?? null;
}
