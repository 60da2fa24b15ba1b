import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { fault } from '../../shared/faults/index.ts';

const project = fileURLToPath(new URL('../../../', import.meta.url));
const sources = ['src/renderer', 'src/shared', 'package.json'].map((name) => path.join(project, name));
export const rendererConfig = path.join(project, 'src/renderer/vite.config.ts');

/** The folder of the built window: beside this program in the built app, `out/renderer` in a checkout. */
export function rendererDir(): string {
  // Built: out/main/web/… with out/renderer beside out/main.
  const built = fileURLToPath(new URL('../../renderer', import.meta.url));
  return import.meta.url.endsWith('.js') ? built : path.join(project, 'out/renderer');
}

/** Builds the window when it is missing or older than its sources. Throws `hosts/no-window`. */
export async function ensureRenderer(say: (message: string) => void): Promise<string> {
  const dir = rendererDir();
  const page = path.join(dir, 'index.html');
  const builtAt = existsSync(page) ? statSync(page).mtimeMs : 0;
  const inCheckout = !import.meta.url.endsWith('.js') && existsSync(rendererConfig);
  if (inCheckout && newest(sources) > builtAt) {
    say('Building the window …');
    await build(dir);
  }
  if (!existsSync(page)) throw fault('hosts/no-window', { dir });
  return dir;
}

/** Builds beside the old window and takes its place in the end: whoever serves the old one is not disturbed. */
async function build(dir: string): Promise<void> {
  const { build: viteBuild } = await import('vite');
  const fresh = `${dir}.${process.pid}.new`;
  const old = `${dir}.${process.pid}.old`;
  try {
    await viteBuild({
      configFile: rendererConfig,
      logLevel: 'silent',
      build: { outDir: fresh, emptyOutDir: true },
    });
    if (existsSync(dir)) renameSync(dir, old);
    renameSync(fresh, dir);
  } catch (error) {
    throw fault('hosts/build', { detail: error instanceof Error ? error.message : String(error) }, error);
  } finally {
    for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
  }
}

/** When the newest of these files, or of what is inside these folders, was changed. */
function newest(paths: string[]): number {
  const times = paths.map((each) => {
    const stat = statSync(each);
    if (!stat.isDirectory()) return stat.mtimeMs;
    const inside = readdirSync(each)
      .filter((name) => !name.endsWith('.test.ts'))
      .map((name) => path.join(each, name));
    return Math.max(stat.mtimeMs, newest(inside));
  });
  return Math.max(0, ...times);
}
