import path from 'node:path';
import { runChecks, runTests } from './checks.mjs';
import { ensureCheckpoint } from './setup/checkpoint.mjs';
import { setUp } from './setup/index.mjs';
import { taskEnvironment } from './setup/node24.mjs';
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
    process.stderr.write('The window is not part of this version yet; this is the command line.\n');
    return runOnNode24(node, 'src/main/cli/main.ts', args.length > 0 ? args : ['--help']);
  },
  demo: async (args) => {
    const node = await setUp();
    return runOnNode24(node, 'src/main/cli/demo.ts', ['--model', await ensureCheckpoint(), ...args]);
  },
  bench: async (args) => {
    const node = await setUp();
    return runOnNode24(node, 'bench/run.ts', ['--model', await ensureCheckpoint(), ...args]);
  },
  check: async () => runChecks(await setUp()),
  test: async (args) => runTests(await setUp(), args),
};

function runOnNode24(node, script, args) {
  const nodeArgs = ['--disable-warning=ExperimentalWarning', path.join(projectDir, script), ...args];
  return runTask(node.bin, nodeArgs, { env: taskEnvironment(node, projectDir) });
}
