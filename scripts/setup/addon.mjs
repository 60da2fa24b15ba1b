import fs from 'node:fs';
import path from 'node:path';
import { isComplete, placeFile, pointLink, publish } from './folder.mjs';
import { cacheDir, platformKey } from './places.mjs';
import { lastLines, runTool } from './process.mjs';
import { SetupError, step } from './report.mjs';
import { tensorflowVersion } from './tensorflow.mjs';

const addonFile = 'tfjs_binding.node';
/** The addon speaks Node-API 8, which every Node from 20 on knows: one binary serves them all. */
const napi = 8;

/** Where the parts of the addon stand in a clone. */
export function addonPlaces(projectDir) {
  const packageDir = path.join(projectDir, 'node_modules/@tensorflow/tfjs-node-gpu');
  const libDir = path.join(packageDir, `lib/napi-v${napi}`);
  return {
    packageDir,
    deps: path.join(packageDir, 'deps'),
    addon: path.join(libDir, addonFile),
    stamp: path.join(libDir, 'graft.json'),
  };
}

/** True when the addon of this clone is the one that was checked last time and deps leads to `runtimeDir`. */
export function addonReady(projectDir, runtimeDir) {
  const { deps, addon, stamp } = addonPlaces(projectDir);
  try {
    return (
      fs.readFileSync(stamp, 'utf8') === describe(addon) &&
      fs.realpathSync(deps) === fs.realpathSync(runtimeDir)
    );
  } catch {
    return false;
  }
}

/** Links `runtimeDir` into the addon's package and puts an addon there that loads, built anew where none does. */
export async function ensureAddon(projectDir, runtimeDir, node, { cache = cacheDir() } = {}) {
  if (addonReady(projectDir, runtimeDir)) return;
  const { packageDir, deps, addon, stamp } = addonPlaces(projectDir);
  if (!fs.existsSync(packageDir)) {
    throw new SetupError('The package @tensorflow/tfjs-node-gpu is missing.', 'Run npm ci in this folder.');
  }
  pointLink(runtimeDir, deps);
  const { version } = JSON.parse(fs.readFileSync(path.join(packageDir, 'package.json'), 'utf8'));
  const cached = path.join(
    cache,
    `addon-${version}-tensorflow-${tensorflowVersion}-napi${napi}-${platformKey}`,
  );
  if (isComplete(cached)) {
    placeFile(path.join(cached, addonFile), addon);
    if ((await loadError(addon, node)) === null) return fs.writeFileSync(stamp, describe(addon));
    fs.rmSync(cached, { recursive: true, force: true });
  }
  await step('Addon for TensorFlow', async () => {
    await requireCompiler();
    await publish(cached, async (temporary) => {
      await build(packageDir, runtimeDir, temporary, node, projectDir);
      return [addonFile];
    });
    placeFile(path.join(cached, addonFile), addon);
    const reason = await loadError(addon, node);
    if (reason !== null) {
      throw new SetupError(
        'The addon for TensorFlow was built but does not load.',
        'The processor may be too old for TensorFlow (it needs AVX), or the system libraries too old.',
        reason,
      );
    }
    fs.writeFileSync(stamp, describe(addon));
  });
}

/** Size and time of the file: enough to see that it is another one. */
function describe(addon) {
  const { size, mtimeMs } = fs.statSync(addon);
  return JSON.stringify({ size, mtimeMs });
}

/** Loads the addon in a process of its own, because a broken one may crash it. Null when it is sound. */
async function loadError(addon, node) {
  const program = 'process.stdout.write("\\nversion=" + require(process.argv[1]).TF_Version + "\\n")';
  const { code, output } = await runTool(node.bin, ['-e', program, addon]);
  return code === 0 && output.includes(`\nversion=${tensorflowVersion}\n`) ? null : lastLines(output, 6);
}

/** Compiles in a folder of its own, so that two set-ups and a running Graft do not meet. */
async function build(packageDir, runtimeDir, workDir, node, projectDir) {
  const tree = path.join(workDir, 'build');
  for (const name of ['binding', 'binding.gyp', 'package.json']) {
    fs.cpSync(path.join(packageDir, name), path.join(tree, name), { recursive: true });
  }
  pointLink(runtimeDir, path.join(tree, 'deps'));
  const modules = path.join(projectDir, 'node_modules');
  const args = [
    path.join(modules, '@mapbox/node-pre-gyp/bin/node-pre-gyp'),
    'install',
    '--build-from-source',
  ];
  // Without its headers node-gyp would download them from nodejs.org.
  if (fs.existsSync(path.join(node.prefix, 'include/node/node_api.h'))) args.push(`--nodedir=${node.prefix}`);
  const env = { ...process.env, PATH: [path.join(modules, '.bin'), process.env.PATH].join(path.delimiter) };
  const { code, output } = await runTool(node.bin, args, { cwd: tree, env });
  const built = path.join(tree, `lib/napi-v${napi}`, addonFile);
  if (code !== 0 || !fs.existsSync(built)) {
    throw new SetupError(
      'The addon for TensorFlow could not be compiled.',
      'The lines above say why; a C++ compiler with C++17 (g++ 9, clang 10) is needed.',
      lastLines(output, 30),
    );
  }
  if (process.platform === 'darwin') await addSearchPath(built);
  fs.renameSync(built, path.join(workDir, addonFile));
  fs.rmSync(tree, { recursive: true, force: true });
}

/** On macOS the wheel's libraries are found by @rpath, which tfjs's build does not set. */
async function addSearchPath(built) {
  const { code, output } = await runTool('install_name_tool', [
    '-add_rpath',
    '@loader_path/../../deps/lib',
    built,
  ]);
  if (code !== 0) {
    throw new SetupError(
      'install_name_tool failed.',
      'Install the command line tools: xcode-select --install.',
      output,
    );
  }
}

async function requireCompiler() {
  const compiler = process.env.CXX ?? (process.platform === 'darwin' ? 'clang++' : 'g++');
  const missing = [];
  for (const tool of [compiler, 'make']) {
    if ((await runTool(tool, ['--version'], { shell: tool.includes(' ') })).code !== 0) missing.push(tool);
  }
  if (missing.length === 0) return;
  throw new SetupError(
    `${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} missing; the addon for TensorFlow is compiled here.`,
    'Debian and Ubuntu: apt-get install g++ make. Fedora: dnf install gcc-c++ make. macOS: xcode-select --install.',
  );
}
