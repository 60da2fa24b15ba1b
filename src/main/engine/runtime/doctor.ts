import { execFile } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { chosenAddon, installedRuntime } from './installed.ts';
import { examineMachine, examineTools } from './machine.ts';
import { troubles } from './quiet.ts';
import {
  fasterPrecision,
  part,
  probeAnswerSchema,
  type DoctorPart,
  type DoctorReport,
  type ProbeAnswer,
  type ProbeResult,
} from './report.ts';

export type { DoctorPart, DoctorReport } from './report.ts';

const require = createRequire(import.meta.url);
const setupRemedy = 'Run npm run setup in the folder of Graft; it builds again what does not work.';

/**
 * Looks at everything that Graft needs or uses on this machine, and lets TensorFlow multiply matrices for a second.
 * Never throws: what is missing or broken is a part of the report.
 */
export async function examine(): Promise<DoctorReport> {
  const projectDir = fileURLToPath(new URL('../../../..', import.meta.url));
  const tools = await examineTools(projectDir);
  const machine = await examineMachine(process.cwd());
  const probe = await probeTensorFlow();
  const hasDriver = machine.some(({ name, version }) => name === 'GPU driver' && version !== null);
  return {
    parts: [...tools, tokenizers(), ...tensorflow(probe, hasDriver), ...cudaRuntime(), ...machine],
    speeds: 'failure' in probe ? null : probe,
  };
}

async function probeTensorFlow(): Promise<ProbeAnswer> {
  const script = fileURLToPath(new URL(`./probe${path.extname(import.meta.url)}`, import.meta.url));
  // Under Electron the same binary is Node only when this is set; elsewhere it means nothing.
  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1' };
  return new Promise((resolve) => {
    execFile(process.execPath, [script], { env, timeout: 120_000 }, (error, stdout, stderr) => {
      const line = stdout.trim().split('\n').at(-1) ?? '';
      if (error === null) return resolve(probeAnswerSchema.parse(JSON.parse(line)));
      const lastWords = troubles(stderr).trim().split('\n').slice(-3).join(' ');
      resolve({
        failure: `TensorFlow ended its process (${error.signal ?? error.code ?? 'unknown'}). ${lastWords}`,
      });
    });
  });
}

function tensorflow(probe: ProbeAnswer, hasDriver: boolean): DoctorPart[] {
  const installed = installedLibrary();
  if ('failure' in probe) {
    return [
      installed
        ? part('TensorFlow', installed.version, installed.detail)
        : missing('TensorFlow', 'the library is not there'),
      missing('TensorFlow addon', probe.failure),
      missing('Device', 'TensorFlow does not run'),
    ];
  }
  return [
    part('TensorFlow', probe.libraryVersion, installed?.detail ?? 'in the package'),
    part('TensorFlow addon', probe.addonVersion, 'loads and computes'),
    device(probe, hasDriver),
  ];
}

function device(result: ProbeResult, hasDriver: boolean): DoctorPart {
  const speed = (gigaflops: number) => `${Math.round(gigaflops)} GFLOP/s`;
  const bfloat16 = result.bfloat16 === null ? 'no bf16' : `bf16 ${speed(result.bfloat16)}`;
  const { precision, times } = fasterPrecision(result);
  const taken = `${precision}${times === null ? '' : `, ${times.toFixed(1)} times as fast here`}`;
  const detail = `matrix product: fp32 ${speed(result.float32)}, ${bfloat16}; presets take ${taken}`;
  if (result.onGpu || !hasDriver) return part('Device', result.onGpu ? 'GPU' : 'CPU', detail);
  return part('Device', 'CPU', `${detail}; the GPU of this machine is not used`, {
    remedy:
      'Install the CUDA runtime (graft runtime install FILE), or run GRAFT_RUNTIME=cuda npm run setup in the folder of Graft; CUDA 12 needs driver 525 or newer.',
  });
}

/** The runtime that was installed beside the app; nothing is said where there is none. */
function cudaRuntime(): DoctorPart[] {
  const runtime = installedRuntime();
  if (runtime === null) return [];
  const size = `${Math.round(runtime.bytes / 1e6)} MB`;
  const use =
    chosenAddon() === null ? 'not used: there is no NVIDIA driver, or GRAFT_RUNTIME is cpu' : 'in use';
  return [part('CUDA runtime', runtime.manifest.tensorflow, `${use}, ${size}, ${runtime.folder}`)];
}

/** The library that the addon is linked to, by the name of its folder in the cache. */
function installedLibrary(): { version: string | null; detail: string } | undefined {
  try {
    const packageDir = path.dirname(require.resolve('@tensorflow/tfjs-node-gpu/package.json'));
    const folder = fs.realpathSync(path.join(packageDir, 'deps'));
    if (!fs.existsSync(path.join(folder, 'lib'))) return undefined;
    const [, version = null, variant = null] =
      /^tensorflow-([\d.]+)-(cpu|cuda)-/.exec(path.basename(folder)) ?? [];
    return {
      version,
      detail: [variant === null ? null : `for ${variant}`, folder].filter(Boolean).join(', '),
    };
  } catch {
    return undefined;
  }
}

function tokenizers(): DoctorPart {
  try {
    require('tokenizers');
    const file = path.join(path.dirname(require.resolve('tokenizers')), 'package.json');
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(fs.readFileSync(file, 'utf8')));
    return part('Tokenizers', version, 'native library loads');
  } catch (error) {
    const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return missing('Tokenizers', detail);
  }
}

const missing = (name: string, detail: string): DoctorPart =>
  part(name, null, detail, { status: 'missing', remedy: setupRemedy });
