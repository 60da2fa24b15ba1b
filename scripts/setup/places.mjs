import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the clone. */
export const projectDir = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** `linux-x64`, `darwin-arm64`, `win32-x64`, … */
export const platformKey = `${process.platform}-${process.arch}`;

/** The folder that every clone of one user shares. `GRAFT_CACHE` overrides it. */
export function cacheDir(env = process.env, platform = process.platform, home = os.homedir()) {
  if (env.GRAFT_CACHE) return path.resolve(env.GRAFT_CACHE);
  if (platform === 'darwin') return path.join(home, 'Library/Caches/graft');
  if (platform === 'win32') {
    return path.join(env.LOCALAPPDATA ?? path.join(home, 'AppData/Local'), 'graft/Cache');
  }
  return path.join(env.XDG_CACHE_HOME ?? path.join(home, '.cache'), 'graft');
}
