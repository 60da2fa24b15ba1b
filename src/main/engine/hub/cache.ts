import { copyFile, mkdir, readFile, readdir, rm, stat, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { writeFileAtomic } from '../formats/atomic.ts';
import { writeFault } from '../formats/file-faults.ts';

/** One model in the cache, laid out as Python's huggingface_hub does: refs, snapshots of links, blobs. */
export class CachedModel {
  private readonly folder: string;

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

  /** The snapshot that `main` stands for, if there is one. */
  async mainSnapshot(): Promise<string | null> {
    const commit = await readFile(join(this.folder, 'refs/main'), 'utf8').catch(() => '');
    return isCommit(commit.trim()) ? this.snapshotFolder(commit.trim()) : null;
  }

  async setMain(commit: string): Promise<void> {
    const file = join(this.folder, 'refs/main');
    await makeFolder(dirname(file));
    await writeFileAtomic(file, commit);
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
