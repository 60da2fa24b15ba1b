import type { FaultText } from './fault.ts';

export const runtimeFaults = {
  'runtime/not-installed': (p: { reason: string }) => ({
    message: `TensorFlow is not installed: ${p.reason}.`,
    remedy: 'Run npm run setup in the folder of Graft; graft doctor says what is missing.',
  }),
  'runtime/rounds': (_: object) => ({
    message: 'The GPU rounds fp32 matrix products to TF32 although that is switched off.',
    remedy:
      'Set precision to tf32 to accept errors of about 1e-3, or the environment variable GRAFT_RUNTIME to cpu.',
  }),
  'runtime/archive': (p: { file: string; reason: string }) => ({
    message: `${p.file} is no runtime of Graft: ${p.reason}.`,
    remedy:
      'Take the file graft-runtime-cuda-….zip that is published beside the installer, and fetch it again.',
  }),
  'runtime/other-machine': (p: { file: string; found: string; wanted: string }) => ({
    message: `${p.file} is a runtime for ${p.found}; this machine is ${p.wanted}.`,
    remedy: `Take the runtime for ${p.wanted}.`,
  }),
  'runtime/other-version': (p: { file: string; found: string; wanted: string }) => ({
    message: `${p.file} holds TensorFlow ${p.found}; this Graft needs ${p.wanted}.`,
    remedy: 'Take the runtime that was published with this version of Graft.',
  }),
  'runtime/hash': (p: { file: string; expected: string; found: string }) => ({
    message: `${p.file} is damaged: its SHA-256 is ${p.found.slice(0, 12)}… and should be ${p.expected.slice(0, 12)}…`,
    remedy: 'Nothing of it was installed. Fetch it again.',
  }),
  'runtime/no-hash': (p: { url: string }) => ({
    message: `There is no hash at ${p.url}; the download could not be checked.`,
    remedy:
      'Publish the .sha256 file beside the archive, or download the archive yourself and install the file.',
  }),
  'runtime/download': (p: { url: string; reason: string }) => ({
    message: `${p.url} could not be fetched: ${p.reason}.`,
    remedy: 'What arrived is kept. Start again to go on from there.',
  }),
  'runtime/no-space': (p: { folder: string; needed: number; free: number }) => ({
    message: `The runtime takes ${Math.ceil(p.needed / 1e6)} MB; ${p.folder} has ${Math.floor(p.free / 1e6)} MB free.`,
    remedy: 'Free some space, or set GRAFT_CACHE to a folder on another disk.',
  }),
} satisfies Record<string, (p: never) => FaultText>;
