import path from 'node:path';
import { build } from './build.mjs';
import { runChecks, runTests } from './checks.mjs';
import { packageApp } from './package.mjs';
import { checkpointNames, ensureCheckpoint } from './setup/checkpoint.mjs';
import { ensureElectron, hasDisplay } from './setup/electron.mjs';
import { setUp } from './setup/index.mjs';
import { nodeArguments, taskEnvironment } from './setup/node24.mjs';
import { projectDir } from './setup/places.mjs';
import { runTask } from './setup/process.mjs';

/** What `npm run` can start: each takes its arguments and resolves to an exit code. */
export const tasks = {
  setup: async () => {
    await setUp();
    return 0;
  },
  start: async (args) => {
    const node = await setUp();
    // The sample's model: without it the window still opens, and fetches it from the hub when it is wanted.
    await ensureCheckpoint().catch((error) => process.stderr.write(`${error.message}\n`));
    await build(node);
    const electron = hasDisplay() ? await ensureElectron(node) : null;
    if (electron !== null) return runTask(electron, [projectDir, ...args]);
    const why = hasDisplay() ? 'Electron could not be fetched' : 'there is no display here';
    process.stderr.write(`The window opens in a browser, because ${why}.\n`);
    return runOnNode24(node, 'out/main/cli/main.js', ['serve', ...args]);
  },
  build: async () => {
    await build(await setUp());
    return 0;
  },
  e2e: async (args) => {
    const node = await setUp();
    await ensureCheckpoint();
    return runVitest(node, ['run', '--config', 'e2e/vitest.config.ts', ...args]);
  },
  screenshots: async (args) => {
    const node = await setUp();
    await ensureCheckpoint();
    return runVitest(node, ['run', '--config', 'e2e/screenshots.config.ts', ...args]);
  },
  package: async (args) => {
    const node = await setUp();
    await build(node);
    return packageApp(node, args);
  },
  demo: async (args) => {
    const node = await setUp();
    return runOnNode24(node, 'src/main/cli/demo.ts', ['--model', await ensureCheckpoint(), ...args]);
  },
  bench: async (args) => {
    const node = await setUp();
    const named = args.indexOf('--model');
    const name = named < 0 ? 'minilm' : args[named + 1];
    // Anything else is a folder.
    if (!checkpointNames.includes(name)) return runOnNode24(node, 'bench/run.ts', args);
    const others = named < 0 ? args : args.toSpliced(named, 2);
    return runOnNode24(node, 'bench/run.ts', ['--model', await ensureCheckpoint({ name }), ...others]);
  },
  check: async () => runChecks(await setUp()),
  test: async (args) => runTests(await setUp(), args),
};

function runVitest(node, args) {
  const vitest = path.join(projectDir, 'node_modules/vitest/vitest.mjs');
  return runTask(node.bin, [vitest, ...args], { cwd: projectDir, env: taskEnvironment(node, projectDir) });
}

function runOnNode24(node, script, args) {
  const nodeArgs = [...nodeArguments, path.join(projectDir, script), ...args];
  return runTask(node.bin, nodeArgs, { env: taskEnvironment(node, projectDir) });
}
