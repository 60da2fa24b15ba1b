import { createRequire } from 'node:module';
import util from 'node:util';
import type * as tfjsNode from '@tensorflow/tfjs-node-gpu';
import { fault } from '../../../shared/faults/index.ts';
import { chosenAddon } from './installed.ts';
import { quietly } from './quiet.ts';

/** The whole of `@tensorflow/tfjs-node-gpu`, as its own declarations have it. */
export type TensorFlow = typeof tfjsNode;

let loaded: TensorFlow | undefined;

/**
 * Loads TensorFlow and its addon into this process, once. Takes about a second the first time.
 * Throws `runtime/not-installed` when the addon or the library is missing or was built for another machine.
 */
export function loadTensorFlow(): TensorFlow {
  loaded ??= load();
  return loaded;
}

/** Whether TensorFlow computes on a GPU; some of the graph's kernels exist on the CPU only. */
export function usesGpu(): boolean {
  const backend = loadTensorFlow().backend();
  return 'isUsingGpuDevice' in backend && backend.isUsingGpuDevice === true;
}

function load(): TensorFlow {
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
