import fs from 'node:fs';
import path from 'node:path';
import { lastLines, runTool } from './process.mjs';
import { SetupError } from './report.mjs';

const requirementsDir = path.join(import.meta.dirname, 'requirements');

const installHints = {
  pip: 'Debian and Ubuntu: apt-get install python3-pip. Fedora: dnf install python3-pip. macOS: python3 -m ensurepip.',
  python:
    'Debian and Ubuntu: apt-get install python3 python3-pip. Fedora: dnf install python3 python3-pip. macOS: xcode-select --install.',
};

/** The command that starts Python 3. Throws when there is none, or when it has no pip. */
export async function findPython(env = process.env) {
  const names = process.platform === 'win32' ? ['python', 'py', 'python3'] : ['python3', 'python'];
  for (const name of names) {
    const { code, output } = await runTool(name, ['-c', 'import sys; print(sys.version_info[0])'], { env });
    if (code !== 0 || output.trim() !== '3') continue;
    const pip = await runTool(name, ['-m', 'pip', '--version'], { env });
    if (pip.code === 0) return name;
    throw new SetupError('pip, the package installer of Python 3, is missing.', installHints.pip);
  }
  throw new SetupError(
    'Python 3 is missing; it fetches TensorFlow and compiles its addon.',
    installHints.python,
  );
}

/**
 * Downloads the wheels that `requirements` (a file name in scripts/setup/requirements) pins by hash into
 * `workDir`/wheels, and returns their paths. `onBytes` hears how much has arrived.
 */
export async function downloadWheels({ python, requirements, platforms, workDir, onBytes }) {
  const dir = path.join(workDir, 'wheels');
  fs.mkdirSync(dir, { recursive: true });
  const args = ['-m', 'pip', 'download', '--no-deps', '--only-binary=:all:', '--no-cache-dir', '--quiet'];
  for (const platform of platforms) args.push('--platform', platform);
  args.push('--python-version', '3.12', '--require-hashes', '--dest', dir);
  args.push('-r', path.join(requirementsDir, requirements));
  // pip collects a wheel in the temporary folder first: on the cache's disk, where there is room, and where it is seen.
  const env = { ...process.env, TMPDIR: dir, PIP_DISABLE_PIP_VERSION_CHECK: '1' };
  const watch = setInterval(() => onBytes(sizeOf(dir)), 500);
  const { code, output } = await runTool(python, args, { env }).finally(() => clearInterval(watch));
  if (code !== 0) throw downloadFailed(requirements, output);
  return fs
    .readdirSync(dir)
    .filter((name) => name.endsWith('.whl'))
    .map((name) => path.join(dir, name));
}

function downloadFailed(requirements, output) {
  const detail = lastLines(output, 6);
  if (/No space left/.test(output)) {
    return new SetupError(
      'The disk became full during the download.',
      'Free some space, or set GRAFT_CACHE.',
      detail,
    );
  }
  if (/DO NOT MATCH THE HASHES/.test(output)) {
    return new SetupError(
      `A package of ${requirements} differs from the one that Graft was tested with; nothing of it was used.`,
      'Start again; if it stays so, the package index or its mirror serves another file.',
      detail,
    );
  }
  return new SetupError(
    `pip could not download the packages of ${requirements}.`,
    'Check the network; a mirror or a proxy is set in the configuration of pip (pip config set global.index-url …).',
    detail,
  );
}

function sizeOf(dir) {
  let size = 0;
  try {
    for (const name of fs.readdirSync(dir, { recursive: true }))
      size += fs.statSync(path.join(dir, name)).size;
  } catch {
    // Files come and go while pip works.
  }
  return size;
}

const unzipProgram = `
import fnmatch, os, shutil, sys, zipfile
wheel, target, strip, *patterns = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        if name.endswith('/') or not any(fnmatch.fnmatchcase(name, p) for p in patterns):
            continue
        parts = name[len(strip):].split('/')
        if '..' in parts or not name.startswith(strip):
            sys.exit(name + ' leaves its folder')
        path = os.path.join(target, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with archive.open(name) as source, open(path, 'wb') as copy:
            shutil.copyfileobj(source, copy, 1 << 20)
        if '/bin/' in name:
            os.chmod(path, 0o755)
`;

/** Unpacks the members of a wheel that match one of `patterns` (fnmatch) into `target`, less the prefix `strip`. */
export async function unpackWheel({ python, wheel, target, strip, patterns }) {
  const { code, output } = await runTool(python, ['-c', unzipProgram, wheel, target, strip, ...patterns]);
  if (code === 0) return;
  const full = /No space left/.test(output);
  throw new SetupError(
    `${path.basename(wheel)} could not be unpacked into ${target}.`,
    full
      ? 'Free some space, or set GRAFT_CACHE to a folder on another disk.'
      : 'Start again; it is downloaded anew.',
    lastLines(output, 3),
  );
}
