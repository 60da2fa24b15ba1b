import fs from 'node:fs';
import path from 'node:path';
import { isComplete, publish, requireSpace } from './folder.mjs';
import { cacheDir, platformKey } from './places.mjs';
import { step } from './report.mjs';
import { downloadWheels, findPython, unpackWheel } from './wheel.mjs';

export const tensorflowVersion = '2.21.0';

/** The newest first: pip takes the first that a package has. */
const manylinux = [
  'manylinux_2_27_x86_64',
  'manylinux_2_25_x86_64',
  'manylinux_2_17_x86_64',
  'manylinux2014_x86_64',
];

/** What pip fetches for each platform, in MB; the room on disk includes the wheels while they are unpacked. */
const sources = {
  'linux-x64-cpu': { requirements: ['tensorflow-cpu.txt'], platforms: manylinux, download: 274, room: 1200 },
  'linux-x64-cuda': {
    requirements: ['tensorflow.txt', 'cuda.txt'],
    platforms: manylinux,
    download: 3000,
    room: 9000,
  },
  'linux-arm64-cpu': {
    requirements: ['tensorflow.txt'],
    platforms: ['manylinux_2_27_aarch64'],
    download: 270,
    room: 1200,
  },
  'darwin-arm64-cpu': {
    requirements: ['tensorflow.txt'],
    platforms: ['macosx_12_0_arm64'],
    download: 223,
    room: 1200,
  },
};

/** False on platforms for which tfjs's own download has to do: Windows, and macOS on Intel. */
export function hasWheel(variant, platform = platformKey) {
  return `${platform}-${variant}` in sources;
}

/** The folder of this variant in the user's cache. */
export function tensorflowDir(variant, platform = platformKey, cache = cacheDir()) {
  return path.join(cache, `tensorflow-${tensorflowVersion}-${variant}-${platform}`);
}

/**
 * Fills the cache with TensorFlow's libraries and the headers of its C interface, and returns their folder:
 * lib/, include/ and, for CUDA, nvidia/, where TensorFlow's own search path ($ORIGIN/../nvidia) finds it.
 */
export async function ensureTensorFlow(variant, { platform = platformKey, cache = cacheDir() } = {}) {
  const dir = tensorflowDir(variant, platform, cache);
  if (isComplete(dir)) return dir;
  const source = sources[`${platform}-${variant}`];
  const python = await findPython();
  requireSpace(cache, source.room);
  const label = `TensorFlow ${tensorflowVersion} for ${variant === 'cuda' ? 'CUDA' : 'CPU'} (${source.download} MB)`;
  await step(label, (show) =>
    publish(dir, async (temporary) => {
      for (const requirements of source.requirements) {
        const onBytes = (bytes) => show(`${Math.round(bytes / 1e6)} MB`);
        const wheels = await downloadWheels({
          python,
          requirements,
          platforms: source.platforms,
          workDir: temporary,
          onBytes,
        });
        for (const wheel of wheels) {
          show(`unpacking ${path.basename(wheel)}`);
          await unpackRuntimeWheel(python, wheel, temporary);
          fs.rmSync(wheel);
        }
      }
      fs.rmSync(path.join(temporary, 'wheels'), { recursive: true });
      return linkLibraries(path.join(temporary, 'lib'), platform);
    }),
  );
  return dir;
}

/** Takes out of a wheel what the addon needs: a fifth of TensorFlow's headers' size, no Python, and the licences. */
async function unpackRuntimeWheel(python, wheel, target) {
  await unpackWheel({
    python,
    wheel,
    target: path.join(target, 'licences'),
    strip: '',
    patterns: ['*.dist-info/*[Ll][Ii][Cc][Ee][Nn][Ss][Ee]*', '*THIRD_PARTY*', '*.dist-info/*NOTICE*'],
  });
  if (path.basename(wheel).startsWith('nvidia_')) {
    const patterns = ['nvidia/*/lib/*.so*', 'nvidia/*/bin/*', 'nvidia/*/nvvm/libdevice/*'];
    await unpackWheel({ python, wheel, target, strip: '', patterns });
    return;
  }
  const libraries = ['tensorflow/libtensorflow_cc.*', 'tensorflow/libtensorflow_framework.*'];
  await unpackWheel({
    python,
    wheel,
    target: path.join(target, 'lib'),
    strip: 'tensorflow/',
    patterns: libraries,
  });
  const headers = [
    'tensorflow/c/*',
    'xla/tsl/c/*',
    'tensorflow/core/platform/ctstring*',
    'tsl/platform/ctstring*',
  ];
  const patterns = headers.map((pattern) => `tensorflow/include/${pattern}`);
  await unpackWheel({ python, wheel, target, strip: 'tensorflow/', patterns });
}

/** Puts the names beside the libraries that the addon is linked by. Returns the files that make the folder whole. */
function linkLibraries(libDir, platform) {
  const names = platform.startsWith('darwin')
    ? { 'libtensorflow.2.dylib': 'libtensorflow_cc.2.dylib' }
    : {
        'libtensorflow.so': 'libtensorflow_cc.so.2',
        'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
      };
  for (const [link, library] of Object.entries(names)) fs.symlinkSync(library, path.join(libDir, link));
  return fs.readdirSync(libDir).map((name) => `lib/${name}`);
}
