#!/usr/bin/env node
// The `graft` command: src/main/cli/main.ts on Node 24, in this process where it is one.
import fs from 'node:fs';
import module from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import v8 from 'node:v8';
import { findNode24, isRecent, nodeArguments, stripTypesSafely, taskEnvironment } from './setup/node24.mjs';
import { projectDir } from './setup/places.mjs';
import { runTask } from './setup/process.mjs';
import { errorText } from './setup/report.mjs';

const main = path.join(projectDir, 'src/main/cli/main.ts');

if (!fs.existsSync(path.join(projectDir, 'node_modules'))) {
  process.stderr.write(`Graft is not set up. Run npm run setup in ${projectDir}.\n`);
  process.exitCode = 1;
} else if (isRecent(process.versions.node)) {
  v8.setFlagsFromString(stripTypesSafely);
  // What it starts inherits these.
  process.execArgv.push(...nodeArguments);
  Object.assign(process.env, taskEnvironment({ bin: process.execPath }, projectDir));
  module.enableCompileCache();
  await import(pathToFileURL(main).href);
} else {
  try {
    const node = findNode24(projectDir);
    const args = [...nodeArguments, main, ...process.argv.slice(2)];
    process.exitCode = await runTask(node.bin, args, { env: taskEnvironment(node, projectDir) });
  } catch (error) {
    process.stderr.write(`${errorText(error)}\n`);
    process.exitCode = 1;
  }
}
