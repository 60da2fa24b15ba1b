import fs from 'node:fs';
import os from 'node:os';
import { ask } from './command.ts';
import type { DoctorPart } from './report.ts';

/** Instruction sets that decide how fast a matrix product can be, as /proc/cpuinfo names them. */
const features = [
  'avx',
  'avx2',
  'fma',
  'avx512f',
  'avx512_vnni',
  'avx512_bf16',
  'amx_bf16',
  'asimd',
  'bf16',
  'sve',
];

/** Gigabytes with one decimal, from bytes. */
const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;

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
  const model = os.cpus()[0]?.model.trim() ?? 'unknown';
  const found = fs.existsSync('/proc/cpuinfo') ? cpuFeatures(fs.readFileSync('/proc/cpuinfo', 'utf8')) : [];
  const part: DoctorPart = {
    name: 'Processor',
    status: 'ok',
    version: model,
    detail: [`${os.availableParallelism()} cores`, ...found].join(' '),
  };
  if (process.platform !== 'linux' || process.arch !== 'x64' || found.includes('avx')) return part;
  const remedy = 'TensorFlow needs a processor with AVX (2011 or later).';
  return { ...part, status: 'missing', remedy };
}

function memory(): DoctorPart {
  const part: DoctorPart = {
    name: 'Memory',
    status: 'ok',
    version: null,
    detail: `${gigabytes(os.freemem())} free of ${gigabytes(os.totalmem())}`,
  };
  if (os.freemem() >= 2e9) return part;
  return { ...part, status: 'warning', remedy: 'Close other programs, or train with smaller batches.' };
}

function disk(folder: string): DoctorPart {
  try {
    const { bavail, bsize } = fs.statfsSync(folder);
    const free = bavail * bsize;
    const part: DoctorPart = {
      name: 'Disk',
      status: 'ok',
      version: null,
      detail: `${gigabytes(free)} free at ${folder}`,
    };
    return free >= 2e9
      ? part
      : { ...part, status: 'warning', remedy: 'Free some space: checkpoints need it.' };
  } catch {
    return {
      name: 'Disk',
      status: 'warning',
      version: null,
      detail: `the free space of ${folder} is not known`,
    };
  }
}

async function gpuDriver(): Promise<DoctorPart> {
  const query = ['--query-gpu=driver_version,name,memory.total', '--format=csv,noheader'];
  const answer = await ask('nvidia-smi', query);
  const rows = answer?.split('\n').map((row) => row.split(', ')) ?? [];
  const version = rows[0]?.[0];
  if (version === undefined) {
    return {
      name: 'GPU driver',
      status: 'ok',
      version: null,
      detail: 'no NVIDIA driver; the processor is used',
    };
  }
  const cards = rows.map(([, name, size]) => [name, size].filter(Boolean).join(' '));
  return { name: 'GPU driver', status: 'ok', version, detail: cards.join('; ') };
}
