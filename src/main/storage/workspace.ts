import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import envPaths from 'env-paths';

/** The folders and files of a workspace. Everything that Graft keeps for a person stands in here. */
export interface Workspace {
  dir: string;
  /** SQLite: the state. */
  database: string;
  /** `<sha256>.db`, one a data set version. */
  datasets: string;
  /** One folder an experiment, as `graft train` writes it. */
  experiments: string;
  /** Imported and merged adapters, one folder each; those of experiments lie with them. */
  adapters: string;
  exports: string;
  /** Recipes of a person's own: one config of `graft train` each, named as the recipe is. */
  recipes: string;
  /** What was dropped into a browser window. */
  inbox: string;
  /** Half-written things; emptied at the start. */
  temporary: string;
}

/** Where the workspace is when a person names none: GRAFT_WORKSPACE, or the system's place for application data. */
export function defaultWorkspaceDir(): string {
  return process.env['GRAFT_WORKSPACE'] ?? path.join(envPaths('graft', { suffix: '' }).data, 'workspace');
}

/** What Graft makes in a workspace. A folder that holds anything else is a person's own, and keeps its rights. */
const OWN = /^(?:graft\.db|in-use\.|(?:datasets|experiments|adapters|exports|recipes|inbox|tmp)$)/;

/** Texts and models are nobody else's business: only their owner reads a workspace. On Windows its place says so. */
export function keepPrivate(file: string, mode: 0o600 | 0o700): void {
  if (process.platform === 'win32') return;
  try {
    chmodSync(file, mode);
  } catch {
    // It belongs to somebody else, or lies on a disk without such rights.
  }
}

/** Makes what is missing of a workspace's folders, for its owner alone. Throws the file system's errors. */
export function openWorkspace(given: string): Workspace {
  const dir = path.resolve(given);
  const inside = (name: string): string => path.join(dir, name);
  const folders = {
    datasets: inside('datasets'),
    experiments: inside('experiments'),
    adapters: inside('adapters'),
    exports: inside('exports'),
    recipes: inside('recipes'),
    inbox: inside('inbox'),
    temporary: inside('tmp'),
  };
  if (!existsSync(dir)) mkdirSync(dir, { recursive: true, mode: 0o700 });
  else if (readdirSync(dir).every((name) => OWN.test(name))) keepPrivate(dir, 0o700);
  for (const folder of Object.values(folders)) {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true, mode: 0o700 });
    else keepPrivate(folder, 0o700);
  }
  return { dir, database: inside('graft.db'), ...folders };
}
