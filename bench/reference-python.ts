import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import envPaths from 'env-paths';
import type { Command } from './child.ts';

const requirements = fileURLToPath(new URL('reference/requirements.txt', import.meta.url));

/** Where the benchmark keeps its Python environment and its models; every clone of a user shares it. */
export function benchCache(): string {
  const cache = process.env['GRAFT_CACHE'] ?? envPaths('graft', { suffix: '' }).cache;
  return path.join(cache, 'bench');
}

/**
 * The Python interpreter with the reference libraries: `GRAFT_BENCH_PYTHON`, else a virtual environment in the
 * cache, made the first time (some gigabytes, several minutes; pip's words go to stderr).
 */
export async function referencePython(): Promise<string> {
  const ready = process.env['GRAFT_BENCH_PYTHON'];
  if (ready !== undefined) {
    if (!existsSync(ready)) throw new Error(`GRAFT_BENCH_PYTHON names ${ready}, which does not exist.`);
    return ready;
  }
  const wanted = createHash('sha256').update(readFileSync(requirements)).digest('hex').slice(0, 12);
  const dir = path.join(benchCache(), `python-${wanted}`);
  const windows = process.platform === 'win32';
  const python = path.join(dir, ...(windows ? ['Scripts', 'python.exe'] : ['bin', 'python']));
  // An environment knows its own path and cannot be renamed into place: a mark says that it is whole.
  const complete = path.join(dir, 'graft-complete');
  if (existsSync(complete)) return python;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  await visibly({ file: windows ? 'python' : 'python3', args: ['-m', 'venv', dir] });
  await visibly({ file: python, args: ['-m', 'pip', 'install', '--requirement', requirements] });
  writeFileSync(complete, '');
  return python;
}

/** Runs a set-up step with its output on stderr. */
export async function visibly(command: Command): Promise<void> {
  const child = spawn(command.file, command.args, { stdio: ['ignore', process.stderr, process.stderr] });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  if (code !== 0)
    throw new Error(`${[command.file, ...command.args].join(' ')} failed; its reason stands above.`);
}
