// For the tests of the set-up: folders of their own, and small shell scripts in the place of npm, Python and g++.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, vi } from 'vitest';

/** A folder that is deleted after each test, and a silent stderr. `dir()` gives the folder of the running test. */
export function useTestFolder() {
  let folder;
  const env = { ...process.env };
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'graft-setup-'));
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    process.env = { ...env };
    fs.rmSync(folder, { recursive: true, force: true });
  });
  return { dir: (...parts) => path.join(folder, ...parts) };
}

/**
 * Puts scripts called as `tools` says into `dir`. Each call of one is a line of `dir`/calls.
 * @param {string} dir
 * @param {Record<string, string>} tools
 */
export function fakeTools(dir, tools) {
  fs.mkdirSync(dir, { recursive: true });
  for (const [name, body] of Object.entries(tools)) {
    const program = `#!/bin/sh\necho "${name} $*" | head -n 1 >> '${dir}/calls'\n${body}\n`;
    fs.writeFileSync(path.join(dir, name), program, { mode: 0o755 });
  }
  return {
    path: dir,
    calls: () =>
      fs.existsSync(path.join(dir, 'calls'))
        ? fs.readFileSync(path.join(dir, 'calls'), 'utf8').trim().split('\n')
        : [],
  };
}

/** The real Python, for the scripts that stand in its place. */
const realPython = execFileSync('/bin/sh', ['-c', 'command -v python3'], { encoding: 'utf8' }).trim();

/**
 * A Python whose pip "downloads" the wheels of a folder; everything else it leaves to the real one.
 * @param {string} wheelDir
 */
export function pythonWithWheels(wheelDir) {
  return `
case "$*" in
  *"pip --version"*) echo "pip 25.0" ;;
  *"pip download"*)
    while [ $# -gt 0 ]; do
      if [ "$1" = --dest ]; then dest=$2; fi
      if [ "$1" = -r ]; then requirements=$(basename "$2" .txt); fi
      shift
    done
    cp '${wheelDir}'/$requirements/*.whl "$dest" ;;
  *) exec ${realPython} "$@" ;;
esac`;
}

/** Writes a wheel (a zip file) with these members, their characters in this encoding. */
export function makeWheel(file, members, encoding = 'utf-8') {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const program = `
import json, sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as archive:
    for name, text in json.loads(sys.argv[2]).items():
        archive.writestr(name, text.encode(sys.argv[3]))
`;
  execFileSync(realPython, ['-c', program, file, JSON.stringify(members), encoding]);
}
