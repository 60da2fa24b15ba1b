import { afterEach, expect, test } from 'vitest';
import { examine, type DoctorPart } from './doctor.ts';
import { cpuFeatures } from './machine.ts';

const path = process.env.PATH;
afterEach(() => {
  process.env.PATH = path;
});

function part(parts: DoctorPart[], name: string): DoctorPart {
  const found = parts.find((candidate) => candidate.name === name);
  if (!found) throw new Error(`The report has no part ${name}.`);
  return found;
}

test('a machine that is set up has nothing missing, and the device has computed', async () => {
  const { parts } = await examine();
  expect(parts.filter(({ status }) => status === 'missing')).toEqual([]);
  expect(part(parts, 'TensorFlow').version).toBe('2.21.0');
  expect(part(parts, 'TensorFlow addon').version).toBe('4.22.0');
  expect(part(parts, 'Device').detail).toMatch(
    /fp32 [1-9]\d* GFLOP\/s, (bf16 [1-9]\d* GFLOP\/s|no bf16); presets take (fp32|bf16)/,
  );
  expect(part(parts, 'Node.js').version).toMatch(/^24\./);
});

test('without Python and a compiler the report says how to get them, and Graft itself still runs', async () => {
  process.env.PATH = '/nowhere';
  const { parts } = await examine();
  for (const name of ['Python', 'Compiler']) {
    expect(part(parts, name)).toMatchObject({ status: 'warning', version: null });
    expect(part(parts, name).remedy).toMatch(/apt-get install/);
  }
  expect(part(parts, 'Device').status).toBe('ok');
});

test('the instruction sets are read from /proc/cpuinfo on x64 and arm64', () => {
  expect(cpuFeatures('model name : x\nflags\t\t: fpu avx avx2 amx_bf16 avx512_bf16\n')).toEqual([
    'avx',
    'avx2',
    'avx512_bf16',
    'amx_bf16',
  ]);
  expect(cpuFeatures('Features\t: fp asimd bf16 sve\n')).toEqual(['asimd', 'bf16', 'sve']);
  expect(cpuFeatures('')).toEqual([]);
});
