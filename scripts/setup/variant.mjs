import fs from 'node:fs';
import { SetupError } from './report.mjs';

/** What an NVIDIA driver leaves on a Linux machine; the second is Windows' own under WSL. */
const driverFiles = ['/proc/driver/nvidia/version', '/usr/lib/wsl/lib/libcuda.so.1'];

/** `cuda` where an NVIDIA driver is present and TensorFlow has a build for it, else `cpu`. GRAFT_RUNTIME overrides. */
export function chooseVariant(
  env = process.env,
  platform = `${process.platform}-${process.arch}`,
  exists = fs.existsSync,
) {
  const asked = env.GRAFT_RUNTIME;
  if (asked === 'cpu') return 'cpu';
  if (asked === 'cuda' || asked === undefined || asked === '') {
    const hasBuild = platform === 'linux-x64' || platform === 'win32-x64';
    if (asked === 'cuda' && !hasBuild) {
      throw new SetupError(
        `TensorFlow has no CUDA build for ${platform}.`,
        'Unset GRAFT_RUNTIME, or set it to cpu.',
      );
    }
    if (asked === 'cuda') return 'cuda';
    return hasBuild && driverFiles.some((file) => exists(file)) ? 'cuda' : 'cpu';
  }
  throw new SetupError(`GRAFT_RUNTIME is "${asked}".`, 'Set it to cpu or cuda, or unset it.');
}
