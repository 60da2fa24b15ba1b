import fs from 'node:fs';
import path from 'node:path';
import { addonPlaces } from './setup/addon.mjs';
import { taskEnvironment } from './setup/node24.mjs';
import { platformKey, projectDir } from './setup/places.mjs';
import { runTask } from './setup/process.mjs';
import { SetupError, step } from './setup/report.mjs';
import { packRuntime } from './setup/runtime-archive.mjs';
import { ensureTensorFlow, hasWheel, tensorflowVersion } from './setup/tensorflow.mjs';
import { findPython } from './setup/wheel.mjs';

/**
 * Makes this platform's installers in dist/. `args` go to electron-builder; `--runtime cuda` makes the archive of that
 * runtime instead. Resolves to an exit code.
 */
export async function packageApp(node, args) {
  const at = args.indexOf('--runtime');
  if (at >= 0) return packageRuntime(args[at + 1]);
  const dist = path.join(projectDir, 'dist');
  fs.mkdirSync(dist, { recursive: true });
  fs.writeFileSync(path.join(dist, 'licences.txt'), licences(path.join(projectDir, 'node_modules')));
  const builder = path.join(projectDir, 'node_modules/electron-builder/cli.js');
  return runTask(node.bin, [builder, '--publish', 'never', ...args], {
    cwd: projectDir,
    env: taskEnvironment(node, projectDir),
  });
}

/** The runtime for NVIDIA GPUs as one archive, for `graft runtime install`: the libraries, the addon, their licences. */
async function packageRuntime(variant) {
  if (variant !== 'cuda' || !hasWheel(variant)) {
    throw new SetupError(
      `There is no runtime "${variant ?? ''}" for ${platformKey}.`,
      'npm run package -- --runtime cuda works on linux-x64.',
    );
  }
  const libraries = await ensureTensorFlow(variant);
  if (!fs.existsSync(path.join(libraries, 'licences'))) {
    throw new SetupError(
      `${libraries} was filled before licences were kept in it.`,
      'Delete this folder, and start again.',
    );
  }
  const root = path.join(projectDir, 'dist/runtime');
  fs.rmSync(root, { recursive: true, force: true });
  for (const part of ['lib', 'nvidia', 'licences'])
    linkTree(path.join(libraries, part), path.join(root, part));
  linkTree(addonPlaces(projectDir).addon, path.join(root, 'addon/napi-v8/tfjs_binding.node'));
  // TensorFlow's wheels name their licence, Apache-2.0, without its text: it is Graft's too.
  linkTree(path.join(projectDir, 'LICENSE'), path.join(root, 'licences/APACHE-2.0.txt'));
  const archive = path.join(
    projectDir,
    `dist/graft-runtime-${variant}-${tensorflowVersion}-${platformKey}.zip`,
  );
  const about = { variant, tensorflow: tensorflowVersion, platform: platformKey };
  await step(path.basename(archive), async () => packRuntime(await findPython(), root, archive, about));
  fs.rmSync(root, { recursive: true });
  return 0;
}

/** Copies files without their bytes where the disk allows; links stay behind. */
function linkTree(from, to) {
  const found = fs.lstatSync(from);
  if (found.isSymbolicLink()) return;
  fs.mkdirSync(path.dirname(to), { recursive: true });
  if (found.isDirectory()) {
    for (const name of fs.readdirSync(from)) linkTree(path.join(from, name), path.join(to, name));
  } else {
    try {
      fs.linkSync(from, to);
    } catch {
      fs.copyFileSync(from, to);
    }
  }
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
