import fs from 'node:fs';
import path from 'node:path';
import { ask } from './command.ts';
import type { DoctorPart } from './report.ts';

const setupRemedy = 'Run npm run setup in the folder of Graft.';

/** Node, the packages of `projectDir`, and what the set-up compiles with. */
export async function examineTools(projectDir: string): Promise<DoctorPart[]> {
  return [node(), packages(projectDir), await python(), await compiler()];
}

function node(): DoctorPart {
  const part: DoctorPart = {
    name: 'Node.js',
    status: 'ok',
    version: process.versions.node,
    detail: process.execPath,
  };
  if (Number(process.versions.node.split('.')[0]) >= 24) return part;
  return {
    ...part,
    status: 'missing',
    remedy: 'Node 24 is needed; npm run setup installs one for Graft alone.',
  };
}

function packages(projectDir: string): DoctorPart {
  const lock = fs.statSync(path.join(projectDir, 'package-lock.json'), { throwIfNoEntry: false });
  const modules = path.join(projectDir, 'node_modules');
  const marks = ['.graft-packages', '.package-lock.json'].map((name) =>
    fs.statSync(path.join(modules, name), { throwIfNoEntry: false }),
  );
  const installed = Math.max(...marks.map((mark) => mark?.mtimeMs ?? 0));
  const part: DoctorPart = { name: 'Packages', status: 'ok', version: null, detail: modules };
  if (installed === 0)
    return { ...part, status: 'missing', detail: `${modules} is incomplete`, remedy: setupRemedy };
  if (lock !== undefined && installed < lock.mtimeMs - 2_000) {
    return {
      ...part,
      status: 'warning',
      detail: `${modules} is older than package-lock.json`,
      remedy: setupRemedy,
    };
  }
  return part;
}

/** The set-up needs it; what is installed runs without. */
async function python(): Promise<DoctorPart> {
  const version = /Python (3\.\S+)/.exec((await ask('python3', ['--version'])) ?? '')?.[1];
  if (version === undefined) {
    return {
      name: 'Python',
      status: 'warning',
      version: null,
      detail: 'no Python 3; the set-up fetches TensorFlow with its pip',
      remedy:
        'Debian and Ubuntu: apt-get install python3 python3-pip. Fedora: dnf install python3 python3-pip.',
    };
  }
  const pip = /pip (\S+)/.exec((await ask('python3', ['-m', 'pip', '--version'])) ?? '')?.[1];
  if (pip !== undefined) return { name: 'Python', status: 'ok', version, detail: `pip ${pip}` };
  return {
    name: 'Python',
    status: 'warning',
    version,
    detail: 'pip is missing; the set-up fetches TensorFlow with it',
    remedy: 'Debian and Ubuntu: apt-get install python3-pip. Fedora: dnf install python3-pip.',
  };
}

async function compiler(): Promise<DoctorPart> {
  const command = process.env.CXX ?? (process.platform === 'darwin' ? 'clang++' : 'g++');
  const [version, make] = await Promise.all([ask(command, ['--version']), ask('make', ['--version'])]);
  const part: DoctorPart = {
    name: 'Compiler',
    status: 'ok',
    version: version?.split('\n')[0] ?? null,
    detail: make?.split('\n')[0] ?? 'make is missing',
  };
  if (version !== null && make !== null) return part;
  const remedy =
    'Debian and Ubuntu: apt-get install g++ make. Fedora: dnf install gcc-c++ make. macOS: xcode-select --install.';
  const detail = `${[version === null && command, make === null && 'make'].filter(Boolean).join(' and ')} missing; the set-up compiles TensorFlow's addon with it`;
  return { ...part, status: 'warning', detail, remedy };
}
