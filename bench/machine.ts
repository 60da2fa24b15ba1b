import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import { promisify } from 'node:util';
import { z } from 'zod';

const run = promisify(execFile);
const flagsThatMatter = ['avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_tile', 'amx_int8', 'amx_bf16'];
const packagesThatMatter = ['torch', 'transformers', 'peft', 'datasets', 'tokenizers'];

/** The machine, the day and the versions that a figure belongs to, as Markdown list items. */
export async function describeMachine(python: string, projectDir: string): Promise<string> {
  const cpu = os.cpus()[0]?.model.trim() ?? 'unknown processor';
  const memory = Math.round(os.totalmem() / 2 ** 30);
  return [
    `- ${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    `- ${cpu}, ${os.availableParallelism()} cores, ${memory} GiB; ${os.type()} ${os.release()} ${os.arch()}`,
    `- Processor flags: ${cpuFlags().join(', ') || 'unknown'}`,
    `- Graft ${await graftVersion(projectDir)}; Node ${process.versions.node}; @tensorflow/tfjs-node-gpu ${tfjsVersion(projectDir)}`,
    `- ${await pythonVersions(python)}`,
  ].join('\n');
}

function cpuFlags(): string[] {
  if (process.platform !== 'linux') return [];
  const flags = /^flags\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  return flagsThatMatter.map((flag) => (flags.includes(flag) ? flag : `no ${flag}`));
}

async function graftVersion(projectDir: string): Promise<string> {
  const version = packageVersion(`${projectDir}/package.json`);
  try {
    const { stdout } = await run('git', ['describe', '--always', '--dirty'], { cwd: projectDir });
    return `${version} (${stdout.trim()})`;
  } catch {
    return version;
  }
}

function tfjsVersion(projectDir: string): string {
  return packageVersion(`${projectDir}/node_modules/@tensorflow/tfjs-node-gpu/package.json`);
}

function packageVersion(file: string): string {
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}

async function pythonVersions(python: string): Promise<string> {
  const program = `import sys, importlib.metadata as m
print(", ".join(["Python " + sys.version.split()[0]] + [p + " " + m.version(p) for p in sys.argv[1:]]))`;
  const { stdout } = await run(python, ['-c', program, ...packagesThatMatter]);
  return stdout.trim();
}
