import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The specs run what people run: the built app, built anew where a source is younger. */
export default function buildFirst(): void {
  const launcher = fileURLToPath(new URL('../scripts/run.mjs', import.meta.url));
  const { status } = spawnSync(process.execPath, [launcher, 'build'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The app could not be built.');
}
