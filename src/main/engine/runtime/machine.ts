import { execFile } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { part, type DoctorPart } from './report.ts';

/** Instruction sets that decide how fast a matrix product can be, as /proc/cpuinfo names them. */
const features = 'avx avx2 fma avx512f avx512_vnni avx512_bf16 amx_bf16 asimd bf16 sve'.split(' ');
/** Below so much free memory or disk a run may not go through. */
const SCARCE_BYTES = 2e9;
const setupRemedy = 'Run npm run setup in the folder of Graft.';

/** What a tool says on stdout and stderr, trimmed; null when it is missing, fails or takes over a minute. */
function ask(command: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: 60_000 }, (error, stdout, stderr) =>
      resolve(error === null ? `${stdout}\n${stderr}`.trim() : null),
    );
  });
}

/** Node, the packages of `projectDir`, and what the set-up compiles with. */
export async function examineTools(projectDir: string): Promise<DoctorPart[]> {
  return [node(), packages(projectDir), await python(), await compiler()];
}

function node(): DoctorPart {
  const { node: version } = process.versions;
  const isOld = Number(version.split('.')[0]) < 24;
  const remedy = 'Node 24 is needed; npm run setup installs one for Graft alone.';
  return part('Node.js', version, process.execPath, isOld && { status: 'missing', remedy });
}

function packages(projectDir: string): DoctorPart {
  const changed = (...names: string[]): number =>
    fs.statSync(path.join(projectDir, ...names), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const modules = path.join(projectDir, 'node_modules');
  const installed = Math.max(
    ...['.graft-packages', '.package-lock.json'].map((name) => changed('node_modules', name)),
  );
  if (installed === 0)
    return part('Packages', null, `${modules} is incomplete`, { status: 'missing', remedy: setupRemedy });
  if (installed < changed('package-lock.json') - 2_000)
    return part('Packages', null, `${modules} is older than package-lock.json`, { remedy: setupRemedy });
  return part('Packages', null, modules);
}

/** The set-up needs it; what is installed runs without. */
async function python(): Promise<DoctorPart> {
  const version = /Python (3\.\S+)/.exec((await ask('python3', ['--version'])) ?? '')?.[1];
  if (version === undefined) {
    return part('Python', null, 'no Python 3; the set-up fetches TensorFlow with its pip', {
      remedy:
        'Debian and Ubuntu: apt-get install python3 python3-pip. Fedora: dnf install python3 python3-pip.',
    });
  }
  const pip = /pip (\S+)/.exec((await ask('python3', ['-m', 'pip', '--version'])) ?? '')?.[1];
  if (pip !== undefined) return part('Python', version, `pip ${pip}`);
  return part('Python', version, 'pip is missing; the set-up fetches TensorFlow with it', {
    remedy: 'Debian and Ubuntu: apt-get install python3-pip. Fedora: dnf install python3-pip.',
  });
}

async function compiler(): Promise<DoctorPart> {
  const command = process.env.CXX ?? (process.platform === 'darwin' ? 'clang++' : 'g++');
  const [compiles, make] = await Promise.all([ask(command, ['--version']), ask('make', ['--version'])]);
  const version = compiles?.split('\n')[0] ?? null;
  if (compiles !== null && make !== null) return part('Compiler', version, make.split('\n')[0]!);
  const missing = [compiles === null && command, make === null && 'make'].filter(Boolean).join(' and ');
  return part('Compiler', version, `${missing} missing; the set-up compiles TensorFlow's addon with it`, {
    remedy:
      'Debian and Ubuntu: apt-get install g++ make. Fedora: dnf install gcc-c++ make. macOS: xcode-select --install.',
  });
}

/** The processor's instruction sets, from the text of /proc/cpuinfo. */
export function cpuFeatures(cpuinfo: string): string[] {
  const line = /^(?:flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[1] ?? '';
  const present = new Set(line.trim().split(/\s+/));
  return features.filter((name) => present.has(name));
}

/** Processor, memory, disk (of `folder`) and GPU driver. */
export async function examineMachine(folder: string): Promise<DoctorPart[]> {
  return [processor(), memory(), disk(folder), await gpuDriver()];
}

function processor(): DoctorPart {
  const found = fs.existsSync('/proc/cpuinfo') ? cpuFeatures(fs.readFileSync('/proc/cpuinfo', 'utf8')) : [];
  const detail = [`${os.availableParallelism()} cores`, ...found].join(' ');
  const isOld = process.platform === 'linux' && process.arch === 'x64' && !found.includes('avx');
  const remedy = 'TensorFlow needs a processor with AVX (2011 or later).';
  const model = os.cpus()[0]?.model.trim() ?? 'unknown';
  return part('Processor', model, detail, isOld && { status: 'missing', remedy });
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

function memory(): DoctorPart {
  const detail = `${gigabytes(os.freemem())} free of ${gigabytes(os.totalmem())}`;
  const remedy = 'Close other programs, or train with smaller batches.';
  return part('Memory', null, detail, os.freemem() < SCARCE_BYTES && { remedy });
}

function disk(folder: string): DoctorPart {
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    const free = bavail * bsize;
    const remedy = 'Free some space: checkpoints need it.';
    return part('Disk', null, `${gigabytes(free)} free at ${folder}`, free < SCARCE_BYTES && { remedy });
  } catch {
    return part('Disk', null, `the free space of ${folder} is not known`, {});
  }
}

async function gpuDriver(): Promise<DoctorPart> {
  const query = ['--query-gpu=driver_version,name,memory.total', '--format=csv,noheader'];
  const rows = (await ask('nvidia-smi', query))?.split('\n').map((row) => row.split(', ')) ?? [];
  const version = rows[0]?.[0];
  if (version === undefined) return part('GPU driver', null, 'no NVIDIA driver; the processor is used');
  const cards = rows.map(([, name, size]) => [name, size].filter(Boolean).join(' '));
  return part('GPU driver', version, cards.join('; '));
}
