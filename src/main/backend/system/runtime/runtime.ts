import path from 'node:path';
import type { Handlers } from '../../../../shared/contract.ts';
import { chosenAddon, hasNvidiaDriver, installedRuntime } from '../../../engine/runtime/installed.ts';
import type { BackendContext } from '../../context.ts';
import { installRuntime, removeRuntime } from './install.ts';

/** TensorFlow has CUDA builds for this platform alone that need no installer of their own. */
const available = process.platform === 'linux' && process.arch === 'x64';

/** The runtime for NVIDIA GPUs. Engines that start later use what was installed. */
export function runtimeHandlers({
  jobs,
}: BackendContext): Handlers<'system/runtime' | 'system/install-runtime' | 'system/remove-runtime'> {
  return {
    'system/runtime': () => {
      const runtime = installedRuntime();
      const installed = runtime && {
        tensorflow: runtime.manifest.tensorflow,
        bytes: runtime.bytes,
        folder: runtime.folder,
        used: chosenAddon() !== null,
      };
      return { available, hasDriver: hasNvidiaDriver(), installed };
    },
    'system/install-runtime': ({ source }) => ({
      jobId: jobs.start({
        kind: 'runtime',
        title: `Installing ${path.basename(source)}`,
        work: (control) =>
          installRuntime(source.trim(), {
            signal: control.signal,
            onProgress: (now) => control.progress(now),
          }),
      }).id,
    }),
    'system/remove-runtime': async () => {
      await removeRuntime();
      return {};
    },
  };
}
