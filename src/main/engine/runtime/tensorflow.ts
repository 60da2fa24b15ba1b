import { createRequire } from 'node:module';
import util from 'node:util';
import type * as tfjsNode from '@tensorflow/tfjs-node-gpu';
import { fault } from '../../../shared/faults/index.ts';
import type { Precision } from '../../../shared/settings/training.ts';
import { chosenAddon } from './installed.ts';
import { roundsToTf32 } from './matmul-speed.ts';
import { quietly } from './quiet.ts';

/** The whole of `@tensorflow/tfjs-node-gpu`, as its own declarations have it. */
export type TensorFlow = typeof tfjsNode;

let loaded: { tf: TensorFlow; rounds: boolean } | undefined;

/**
 * Loads TensorFlow and its addon into this process, once, to compute in `precision`. Takes about a second the first
 * time. Throws `runtime/not-installed` when the addon or the library is missing or was built for another machine, and
 * `runtime/rounds` when a GPU computes fp32 in TF32 all the same.
 */
export function loadTensorFlow(precision?: Precision): TensorFlow {
  if (loaded === undefined) {
    const rounds = precision === 'tf32';
    const tf = load(computeEnvironment(precision ?? 'fp32'));
    if (!rounds && onGpu(tf) && roundsToTf32(tf)) throw fault('runtime/rounds', {});
    loaded = { tf, rounds };
  } else if (precision !== undefined && (precision === 'tf32') !== loaded.rounds && onGpu(loaded.tf)) {
    throw new Error('A process computes either with TF32 or without it.');
  }
  return loaded.tf;
}

/**
 * What CUDA's libraries and TensorFlow read from the environment when they are loaded or first used; undefined: the
 * variable must be absent. The config decides, not the shell that Graft was started from.
 */
export function computeEnvironment(precision: Precision): Record<string, string | undefined> {
  return {
    // Without it cuBLAS rounds fp32 operands to 10 bits on GPUs from Ampere on: errors of 1e-3 instead of 1e-6.
    NVIDIA_TF32_OVERRIDE: precision === 'tf32' ? undefined : '0',
    // The same bits in every run: sums in a fixed order, no choice of kernels by timing them.
    TF_DETERMINISTIC_OPS: '1',
    CUBLAS_WORKSPACE_CONFIG: ':4096:8',
    // Deterministic scatters go through the host. Ours write each row once, so that no order of sums is in them.
    TF_DISABLE_SCATTER_OP_DETERMINISM: '1',
  };
}

/** Whether TensorFlow computes on a GPU; some of the graph's kernels exist on the CPU only. */
export function usesGpu(): boolean {
  return onGpu(loadTensorFlow());
}

function onGpu(tf: TensorFlow): boolean {
  const backend = tf.backend();
  return 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true;
}

function load(environment: Record<string, string | undefined>): TensorFlow {
  // Node hands these on to the process's own environment, where C code reads them.
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) Reflect.deleteProperty(process.env, name);
    else process.env[name] = value;
  }
  // tfjs-node 4.22 calls two helpers that Node 23 removed from `util`.
  const old = util as unknown as Record<string, unknown>;
  old.isNullOrUndefined ??= (value: unknown) => value == null;
  old.isArray ??= Array.isArray;
  process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
  // Else TensorFlow takes all memory of a GPU at its first use.
  process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';

  const require = createRequire(import.meta.url);
  try {
    // Libraries of the same name are loaded once: the package's own addon then computes with the installed runtime's.
    const addon = chosenAddon();
    if (addon !== null) quietly(() => process.dlopen({ exports: {} }, addon));
    return quietly(() => require('@tensorflow/tfjs-node-gpu') as TensorFlow);
  } catch (error) {
    throw fault('runtime/not-installed', { reason: firstLine(error) }, error);
  }
}

/** The part of a loader's message that says what is missing; the rest is advice for tfjs's own installer. */
function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n')[0] ?? message).trim().replace(/\.$/, '');
}
