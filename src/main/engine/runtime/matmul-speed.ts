import type * as tfjsNode from '@tensorflow/tfjs-node-gpu';
import type { ProbeResult } from './report.ts';

type TensorFlow = Pick<typeof tfjsNode, 'backend'>;

/** What is used here of the addon's own interface; tensors are numbers. */
interface Binding {
  createTensor(shape: number[], dtype: number, values: Float32Array | Int32Array): number;
  deleteTensor(tensor: number): void;
  tensorDataSync(tensor: number): ArrayLike<number>;
  executeOp(name: string, attributes: object[], inputs: number[], outputCount: number): { id: number }[];
  isUsingGpuDevice(): boolean;
  TF_Version: string;
  TF_FLOAT: number;
  TF_INT32: number;
  TF_ATTR_TYPE: number;
  TF_ATTR_BOOL: number;
}

/** TensorFlow's number of bfloat16; tfjs has no name for it. */
const bfloat16 = 14;
const size = 1024;
/** Repeated until this much time has passed, so that a slow machine is not kept busy and a fast one is measured. */
const milliseconds = 500;

/**
 * Multiplies square matrices on the device that TensorFlow chooses and times it: the best of the repetitions,
 * as 2·size³ floating-point operations over the time until one value of the product has arrived.
 */
export function matmulSpeed(tf: TensorFlow): Omit<ProbeResult, 'addonVersion'> {
  const binding = bindingOf(tf);
  const ones = binding.createTensor([size, size], binding.TF_FLOAT, new Float32Array(size * size).fill(1));
  const float32 = best(binding, ones, binding.TF_FLOAT);
  let narrow: number | null;
  try {
    narrow = best(binding, cast(binding, ones, binding.TF_FLOAT, bfloat16), bfloat16);
  } catch {
    narrow = null;
  }
  return { libraryVersion: binding.TF_Version, onGpu: binding.isUsingGpuDevice(), float32, bfloat16: narrow };
}

/** The addon's own interface, which tfjs keeps behind its backend. */
function bindingOf(tf: TensorFlow): Binding {
  return (tf.backend() as unknown as { binding: Binding }).binding;
}

function best(binding: Binding, matrix: number, dtype: number): number {
  let fastest = Infinity;
  const started = performance.now();
  // The first product also starts threads and loads kernels.
  for (let i = 0; i < 2 || performance.now() - started < milliseconds; i += 1) {
    fastest = Math.min(fastest, product(binding, matrix, dtype));
  }
  return (2 * size ** 3) / fastest / 1e6;
}

/** Whether float32 products are computed from operands rounded to TF32, in which 1 + 2^-12 is 1. */
export function roundsToTf32(tf: TensorFlow): boolean {
  const binding = bindingOf(tf);
  const side = 256;
  const fill = (value: number): number =>
    binding.createTensor([side, side], binding.TF_FLOAT, new Float32Array(side * side).fill(value));
  const [nearOne, ones] = [fill(1 + 2 ** -12), fill(1)];
  // Exact in float32 whatever the order of the sums: multiples of 2^-12 below 2^9.
  const rounded = corner(binding, nearOne, ones, binding.TF_FLOAT) !== side * (1 + 2 ** -12);
  for (const tensor of [nearOne, ones]) binding.deleteTensor(tensor);
  return rounded;
}

/** The milliseconds of one product. Checks a value, because a device that computes nonsense is no device. */
function product(binding: Binding, matrix: number, dtype: number): number {
  const started = performance.now();
  const value = corner(binding, matrix, matrix, dtype);
  const elapsed = performance.now() - started;
  if (value !== size) throw new Error(`A matrix product gave ${String(value)} instead of ${size}.`);
  return elapsed;
}

/** The first value of the product of two square matrices. */
function corner(binding: Binding, a: number, b: number, dtype: number): number | undefined {
  const result = run(binding, 'MatMul', [a, b], { T: dtype }, { transpose_a: false, transpose_b: false });
  const begin = binding.createTensor([2], binding.TF_INT32, new Int32Array([0, 0]));
  const length = binding.createTensor([2], binding.TF_INT32, new Int32Array([1, 1]));
  const first = run(binding, 'Slice', [result, begin, length], { T: dtype, Index: binding.TF_INT32 }, {});
  const readable = dtype === binding.TF_FLOAT ? first : cast(binding, first, dtype, binding.TF_FLOAT);
  const value = binding.tensorDataSync(readable)[0];
  for (const tensor of new Set([result, begin, length, first, readable])) binding.deleteTensor(tensor);
  return value;
}

function cast(binding: Binding, tensor: number, from: number, to: number): number {
  return run(binding, 'Cast', [tensor], { SrcT: from, DstT: to }, { Truncate: false });
}

function run(
  binding: Binding,
  op: string,
  inputs: number[],
  types: Record<string, number>,
  flags: Record<string, boolean>,
): number {
  const attributes = [
    ...Object.entries(types).map(([name, value]) => ({ name, type: binding.TF_ATTR_TYPE, value })),
    ...Object.entries(flags).map(([name, value]) => ({ name, type: binding.TF_ATTR_BOOL, value })),
  ];
  const [output] = binding.executeOp(op, attributes, inputs, 1);
  if (output === undefined) throw new Error(`${op} gave nothing.`);
  return output.id;
}
