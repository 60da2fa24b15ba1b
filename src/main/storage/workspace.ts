import { existsSync, mkdirSync } from 'node:fs';
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
  /** What was dropped into a browser window. */
  inbox: string;
  /** Half-written things; emptied at the start. */
  temporary: string;
}

/** Where the workspace is when a person names none: GRAFT_WORKSPACE, or the system's place for application data. */
export function defaultWorkspaceDir(): string {
  return process.env['GRAFT_WORKSPACE'] ?? path.join(envPaths('graft', { suffix: '' }).data, 'workspace');
}

/** Makes what is missing of a workspace's folders. Throws the file system's errors. */
export function openWorkspace(dir: string): Workspace {
  const inside = (name: string): string => path.join(path.resolve(dir), name);
  const workspace: Workspace = {
    dir: path.resolve(dir),
    database: inside('graft.db'),
    datasets: inside('datasets'),
    experiments: inside('experiments'),
    adapters: inside('adapters'),
    exports: inside('exports'),
    inbox: inside('inbox'),
    temporary: inside('tmp'),
  };
  for (const folder of [
    workspace.datasets,
    workspace.experiments,
    workspace.adapters,
    workspace.exports,
    workspace.inbox,
    workspace.temporary,
  ]) {
    if (!existsSync(folder)) mkdirSync(folder, { recursive: true });
  }
  return workspace;
}
