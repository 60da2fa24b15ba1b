import { execFile } from 'node:child_process';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Snippet } from '../../../../shared/contract/exports.ts';
import { systemTemporary } from '../../formats/temporary.ts';
import type { TargetKey } from '../targets.ts';
import { SNIPPET_PORT, type SnippetCode } from './snippets.ts';

/** A first start of Python with its libraries takes long. */
const TIMEOUT_MS = 120_000;
const LONGEST_OUTPUT = 2000;
const TRANSFORMERS_JS = '@huggingface/transformers';

const run = promisify(execFile);

/** Python packages that a target's snippet imports. */
const pythonPackages: Readonly<Record<TargetKey, readonly string[]>> = {
  hf: ['transformers', 'torch'],
  peft: ['peft', 'transformers', 'torch'],
  onnx: ['onnxruntime', 'transformers'],
  'onnx-fp16': ['onnxruntime', 'transformers'],
  'onnx-int8': ['onnxruntime', 'transformers'],
  savedmodel: ['tensorflow', 'transformers'],
  embedding: ['sentence_transformers'],
};

export interface TryOptions {
  target: TargetKey;
  /** Where the export lies now, and what it is called in the snippets. */
  folder: string;
  folderName: string;
  /** The same of the base, for an adapter. */
  base: { folder: string; name: string };
  /** Where the export answers by HTTP as `graft serve-model` does; null: nowhere. */
  port: number | null;
  signal: AbortSignal;
}

/**
 * Runs each snippet as it stands, in a process of its own that is started beside the folder, and keeps what it printed.
 * What cannot be run on this machine says why. Throws only the reason of `signal`.
 */
export async function trySnippets(snippets: readonly SnippetCode[], options: TryOptions): Promise<Snippet[]> {
  const temporary = systemTemporary('snippet');
  try {
    // Python and Node look for packages beside a program: a base that is called "torch" must not be taken for one.
    const where: Where = { code: path.join(temporary, 'code'), start: path.join(temporary, 'start') };
    await mkdir(where.code);
    await mkdir(where.start);
    const linked = await linkFolders(where.start, options).then(
      () => true,
      () => false,
    );
    // None waits for another: a start of Python with its libraries takes longer than all the rest.
    return await Promise.all(snippets.map((snippet) => tryOne(snippet, linked ? where : null, options)));
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Folders: of the programs, and the one that they are started in. */
interface Where {
  code: string;
  start: string;
}

/** Links the export, and the base of an adapter, into `start`. Throws where both have one name. */
async function linkFolders(start: string, { target, folder, folderName, base }: TryOptions): Promise<void> {
  if (target === 'peft') {
    // First: a folder of a hub id's owner must not be made inside an export of that name.
    await mkdir(path.dirname(path.join(start, base.name)), { recursive: true });
    await symlink(path.resolve(base.folder), path.join(start, base.name), 'junction');
  }
  await symlink(path.resolve(folder), path.join(start, folderName), 'junction');
}

/** `where`: null where the folders could not be linked. */
async function tryOne(snippet: SnippetCode, where: Where | null, options: TryOptions): Promise<Snippet> {
  options.signal.throwIfAborted();
  try {
    if (where === null) throw new NotRun('Its folder could not be linked.');
    const output = await started(snippet, where, options);
    return { ...snippet, output: output.trim().slice(0, LONGEST_OUTPUT), notRun: null };
  } catch (error) {
    options.signal.throwIfAborted();
    return { ...snippet, output: null, notRun: reasonOf(error) };
  }
}

/** Says why a snippet was not run. */
class NotRun extends Error {}

function reasonOf(error: unknown): string {
  if (error instanceof NotRun) return error.message;
  const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : '';
  const last = said.trim().split('\n').at(-1) ?? '';
  return `It was run and failed: ${last || (error instanceof Error ? error.message : String(error))}`;
}

async function started({ language, code }: SnippetCode, where: Where, options: TryOptions): Promise<string> {
  if (language === 'python') return runPython(code, where, options);
  if (language === 'node' && code.includes(`from '${TRANSFORMERS_JS}'`))
    return runWithPackages(code, where, options);
  if (options.port === null) throw new NotRun('It asks a server, and none was started.');
  const asked = code.replaceAll(`127.0.0.1:${SNIPPET_PORT}`, `127.0.0.1:${options.port}`);
  return language === 'node' ? runNode(asked, where, options) : runShell(asked, options);
}

async function runPython(code: string, where: Where, { target, signal }: TryOptions): Promise<string> {
  const packages = pythonPackages[target];
  const python = process.platform === 'win32' ? 'python' : 'python3';
  const program = `import importlib.util as u; print(*[p for p in ${JSON.stringify(packages)} if u.find_spec(p) is None])`;
  const answer = await run(python, ['-c', program], { cwd: where.code, timeout: 10_000, signal }).catch(
    () => null,
  );
  if (answer === null) throw new NotRun(`${python} was not found on this machine.`);
  const missing = answer.stdout.trim();
  if (missing !== '') throw new NotRun(`${python} on this machine lacks ${missing.replaceAll(' ', ', ')}.`);
  const file = path.join(where.code, 'snippet.py');
  await writeFile(file, code);
  const env = { ...process.env, HF_HUB_OFFLINE: '1', TF_CPP_MIN_LOG_LEVEL: '3' };
  const { stdout } = await run(python, [file], { cwd: where.start, env, timeout: TIMEOUT_MS, signal });
  return stdout;
}

async function runWithPackages(code: string, where: Where, options: TryOptions): Promise<string> {
  const packages = packagesFolder(TRANSFORMERS_JS);
  if (packages === null) throw new NotRun(`${TRANSFORMERS_JS} is not installed on this machine.`);
  await symlink(packages, path.join(where.code, 'node_modules'), 'junction');
  return runNode(code, where, options);
}

async function runNode(code: string, where: Where, { signal }: TryOptions): Promise<string> {
  const file = path.join(where.code, 'snippet.mjs');
  await writeFile(file, code);
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  const { stdout } = await run(process.execPath, [file], {
    cwd: where.start,
    env,
    timeout: TIMEOUT_MS,
    signal,
  });
  return stdout;
}

async function runShell(code: string, { signal }: TryOptions): Promise<string> {
  if (process.platform === 'win32') throw new NotRun('It is written for a POSIX shell.');
  const there = await run('curl', ['--version'], { timeout: 10_000, signal }).catch(() => null);
  if (there === null) throw new NotRun('curl was not found on this machine.');
  const { stdout } = await run('/bin/sh', ['-c', code], { timeout: TIMEOUT_MS, signal });
  return stdout;
}

/** The node_modules that a package is found in from here; null: it is not installed. */
function packagesFolder(name: string): string | null {
  try {
    const found = createRequire(import.meta.url).resolve(name);
    const at = found.lastIndexOf(`node_modules${path.sep}`);
    return at === -1 ? null : found.slice(0, at + 'node_modules'.length);
  } catch {
    return null;
  }
}
