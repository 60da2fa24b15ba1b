import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { lastLines, runTool } from './process.mjs';
import { SetupError, step } from './report.mjs';

/** True when node_modules holds what package-lock.json names. */
export function packagesReady(projectDir) {
  const lock = path.join(projectDir, 'package-lock.json');
  const stamp = stampFile(projectDir);
  const wanted = digest(lock);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === wanted) return true;
  // `npm install` by hand leaves no stamp of ours, but npm's own list of what it put there, written last.
  const installed = fs.statSync(path.join(projectDir, 'node_modules/.package-lock.json'), {
    throwIfNoEntry: false,
  });
  if (installed === undefined || installed.mtimeMs < fs.statSync(lock).mtimeMs - 2_000) return false;
  fs.writeFileSync(stamp, wanted);
  return true;
}

/** Installs the packages of the lockfile, without install scripts, when they are missing or older than it. */
export async function ensurePackages(projectDir, env = process.env) {
  if (packagesReady(projectDir)) return;
  await step('Packages', async () => {
    const { command, first, shell } = npm(env);
    const args = [
      ...first,
      'ci',
      '--include=dev',
      '--include=optional',
      '--ignore-scripts',
      '--no-audit',
      '--no-fund',
    ];
    const { code, output } = await runTool(command, args, { cwd: projectDir, env, shell });
    if (code === 127) {
      throw new SetupError('npm is missing.', 'Install Node.js 20 or newer with npm, and start again.');
    }
    if (code !== 0) {
      throw new SetupError(
        `npm ci failed with exit code ${code}.`,
        'Check the network and the disk, and start again; npm ci in this folder shows the whole story.',
        lastLines(output),
      );
    }
    fs.writeFileSync(stampFile(projectDir), digest(path.join(projectDir, 'package-lock.json')));
  });
}

function stampFile(projectDir) {
  return path.join(projectDir, 'node_modules/.graft-packages');
}

function digest(file) {
  return createHash('sha256').update(fs.readFileSync(file)).digest('hex');
}

/** The npm that started this script, else the one on the path. */
function npm(env) {
  if (env.npm_execpath?.endsWith('npm-cli.js')) {
    return { command: process.execPath, first: [env.npm_execpath], shell: false };
  }
  // Windows starts npm.cmd only through a shell.
  return { command: 'npm', first: [], shell: process.platform === 'win32' };
}
