import fs from 'node:fs';
import path from 'node:path';
import { taskEnvironment } from './setup/node24.mjs';
import { projectDir } from './setup/places.mjs';
import { runTask } from './setup/process.mjs';

/** Makes this platform's installers in dist/. `args` go to electron-builder. Resolves to its exit code. */
export async function packageApp(node, args) {
  const dist = path.join(projectDir, 'dist');
  fs.mkdirSync(dist, { recursive: true });
  fs.writeFileSync(path.join(dist, 'licences.txt'), licences(path.join(projectDir, 'node_modules')));
  const builder = path.join(projectDir, 'node_modules/electron-builder/cli.js');
  return runTask(node.bin, [builder, '--publish', 'never', ...args], {
    cwd: projectDir,
    env: taskEnvironment(node, projectDir),
  });
}

/** The licence of each package that is inside, in its own words where it has a file. */
function licences(modules) {
  const lock = JSON.parse(fs.readFileSync(path.join(projectDir, 'package-lock.json'), 'utf8'));
  const texts = Object.entries(lock.packages)
    .filter(([place, entry]) => place.startsWith('node_modules/') && !entry.dev)
    .map(([place, entry]) => {
      const dir = path.join(modules, place.slice('node_modules/'.length));
      const files = fs.existsSync(dir) ? fs.readdirSync(dir) : [];
      const file = files.find((name) => /^(licen[cs]e|copying)/i.test(name));
      const text = file === undefined ? '' : `\n\n${fs.readFileSync(path.join(dir, file), 'utf8').trim()}`;
      return `${place.split('node_modules/').at(-1)} ${entry.version}: ${entry.license ?? 'see its package'}${text}`;
    });
  return `${texts.join(`\n\n${'-'.repeat(72)}\n\n`)}\n`;
}
