import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DataType, type Graph, type Node } from '../src/main/engine/graph/graph.ts';
import { reachable } from '../src/main/engine/graph/saved-model.ts';

const run = promisify(execFile);
const source = fileURLToPath(new URL('kernel-list.cc', import.meta.url));

interface Kernel {
  op: string;
  device: string;
  /** Types that an attribute may have, by the attribute's name. */
  allowed: Map<string, number[]>;
  /** Arguments that are kept in the host's memory. */
  host: Set<string>;
}

/** What a TensorFlow library registers. */
export interface Registry {
  kernels: Map<string, Kernel[]>;
  /** Names of an operation's outputs. */
  outputs: Map<string, string[]>;
}

/** Asks the libraries in `folder` through a small C++ program; needs g++, and no GPU. */
export async function readRegistry(folder: string): Promise<Registry> {
  const scratch = await mkdtemp(path.join(os.tmpdir(), 'graft-kernels-'));
  try {
    const program = path.join(scratch, 'kernel-list');
    await run('g++', ['-std=c++17', '-O1', source, '-ldl', '-o', program]);
    const ask = async (what: 'KERNELS' | 'OPS'): Promise<Buffer> =>
      (await run(program, [folder, what], { encoding: 'buffer', maxBuffer: 2 ** 30 })).stdout;
    const kernels = [...fields(await ask('KERNELS'))].map(({ bytes }) => kernelOf(bytes));
    const ops = [...fields(await ask('OPS'))].map(({ bytes }) => [text(bytes, 1), named(bytes, 3)] as const);
    return { kernels: Map.groupBy(kernels, ({ op }) => op), outputs: new Map(ops) };
  } finally {
    await rm(scratch, { recursive: true });
  }
}

export interface KernelReport {
  /** How many kinds of node there are: an operation and the types of its attributes. */
  kinds: number;
  /** Kinds that the device has no kernel for: they would be computed on the host, unseen. */
  missing: string[];
  /** Kinds whose kernel works in the host's memory, on integers (shapes, counts, checksums) and on float values. */
  hostIntegers: string[];
  hostFloats: string[];
}

/** What becomes of every node of some graphs on a device of a type such as `GPU`. */
export function kernelReport(registry: Registry, graphs: readonly Graph[], device: string): KernelReport {
  const nodes = new Map(graphs.flatMap((graph) => [...reachable(graph)].map((node) => [kindOf(node), node])));
  const report: KernelReport = { kinds: nodes.size, missing: [], hostIntegers: [], hostFloats: [] };
  for (const [kind, node] of [...nodes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const fitting = registry.kernels.get(node.op)?.filter((one) => fits(one, node)) ?? [];
    // TensorFlow takes a kernel of the type DEFAULT on a device that has none of its own.
    const kernel =
      fitting.find((one) => one.device === device) ?? fitting.find((one) => one.device === 'DEFAULT');
    const outputs = registry.outputs.get(node.op) ?? [];
    if (!kernel) report.missing.push(kind);
    else if (outputs.length > 0 && outputs.every((name) => kernel.host.has(name))) {
      const float = node.outputs.some(({ dtype }) => dtype === 'float32' || dtype === 'bfloat16');
      (float ? report.hostFloats : report.hostIntegers).push(kind);
    }
  }
  return report;
}

const typesOf = (node: Node): [string, number][] =>
  Object.entries(node.attributes).flatMap(([name, value]): [string, number][] =>
    'type' in value ? [[name, DataType[value.type]]] : [],
  );

function kindOf(node: Node): string {
  const names = new Map<number, string>(Object.entries(DataType).map(([name, number]) => [number, name]));
  const types = typesOf(node).map(([name, number]) => `${name}=${names.get(number)}`);
  return types.length === 0 ? node.op : `${node.op}(${types.join(', ')})`;
}

function fits({ allowed }: Kernel, node: Node): boolean {
  const types = new Map(typesOf(node));
  return [...allowed].every(([name, numbers]) => numbers.includes(types.get(name) ?? -1));
}

/** tensorflow.KernelDef: op 1, device_type 2, constraint 3 (name 1, allowed_values 2: list 1: type 6), host_memory_arg 4. */
function kernelOf(bytes: Buffer): Kernel {
  const parts = [...fields(bytes)];
  const allowed = parts.flatMap(({ number, bytes }): [string, number[]][] => {
    if (number !== 3) return [];
    const values = [...fields(bytes)]
      .filter((one) => one.number === 2)
      .flatMap((one) => [...fields(one.bytes)]);
    const lists = values.filter((one) => one.number === 1).flatMap((one) => [...fields(one.bytes)]);
    return [[text(bytes, 1), lists.filter((one) => one.number === 6).flatMap((one) => varints(one))]];
  });
  const host = parts.filter(({ number }) => number === 4).map((one) => one.bytes.toString());
  return { op: text(bytes, 1), device: text(bytes, 2), allowed: new Map(allowed), host: new Set(host) };
}

const text = (message: Buffer, number: number): string =>
  [...fields(message)].find((one) => one.number === number)?.bytes.toString() ?? '';

/** The names (field 1) of the messages in field `number`. */
const named = (message: Buffer, number: number): string[] =>
  [...fields(message)].filter((one) => one.number === number).map((one) => text(one.bytes, 1));

interface Field {
  number: number;
  /** Of a message, text or packed list; a single number stands as its own bytes. */
  bytes: Buffer;
}

/** A protobuf message's fields. Throws at a wire type that these messages do not have. */
function* fields(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 1; ; shift *= 128) {
      const byte = message[at++]!;
      value += (byte & 127) * shift;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const key = varint();
    const from = at;
    if ((key & 7) === 0) varint();
    else if ((key & 7) === 2) {
      const length = varint();
      yield { number: key >> 3, bytes: message.subarray(at, at + length) };
      at += length;
      continue;
    } else if ((key & 7) === 5) at += 4;
    else if ((key & 7) === 1) at += 8;
    else throw new Error(`Wire type ${key & 7} is not known.`);
    yield { number: key >> 3, bytes: message.subarray(from, at) };
  }
}

function varints({ bytes }: Field): number[] {
  const values: number[] = [];
  let value = 0;
  let shift = 1;
  for (const byte of bytes) {
    value += (byte & 127) * shift;
    shift *= 128;
    if (byte >= 128) continue;
    values.push(value);
    [value, shift] = [0, 1];
  }
  return values;
}
