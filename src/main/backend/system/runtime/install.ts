import { readFile, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { answering } from '../../../../shared/contract.ts';
import { fault } from '../../../../shared/faults/index.ts';
import { writeFolderAtomic } from '../../../engine/formats/atomic.ts';
import { readFault } from '../../../engine/formats/file-faults.ts';
import { hashFile } from '../../../engine/hub/hash-file.ts';
import {
  chosenAddon,
  cudaFolder,
  hasNvidiaDriver,
  installedRuntime,
  runtimesDir,
} from '../../../engine/runtime/installed.ts';
import type { Progress } from '../../../engine/threads/threads.ts';
import type { BackendContext } from '../../context.ts';
import { told } from '../../jobs/jobs.ts';
import { readManifest, unpackArchive } from './archive.ts';
import { downloadArchive, hashIn, type DownloadControl } from './download.ts';

interface InstallControl extends Pick<DownloadControl, 'signal' | 'retryWaits'> {
  onProgress: (now: Progress) => void;
}

const DOWNLOADS = 'downloads';

/** Whether a source is an address rather than a file. */
const isAddress = (source: string): boolean => /^https?:\/\//i.test(source);

/**
 * Installs a runtime archive, a file or an address, into the user's cache: whole or not at all, what was installed before
 * stays until then. Returns its folder. Throws `runtime/…`, `files/…`, or the signal's reason.
 */
export async function installRuntime(
  source: string,
  control: InstallControl,
  dir = runtimesDir(),
): Promise<string> {
  try {
    return await install(source, control, dir);
  } catch (error) {
    // What a stop breaks off fails in many ways.
    control.signal.throwIfAborted();
    throw error;
  }
}

async function install(
  source: string,
  { signal, onProgress, retryWaits }: InstallControl,
  dir: string,
): Promise<string> {
  const tell = (phase: string) => (done: number, total: number) =>
    onProgress({ phase, done: done / 1e6, total: total / 1e6, unit: 'MB' });
  const archive = isAddress(source)
    ? await downloadArchive(source, path.join(dir, DOWNLOADS), {
        signal,
        onBytes: tell('Downloading'),
        ...(retryWaits && { retryWaits }),
      })
    : path.resolve(source);
  if (!isAddress(source)) await checkFile(archive, signal, tell('Checking'));
  const manifest = await readManifest(archive);
  const total = Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0);
  const folder = cudaFolder(dir);
  await writeFolderAtomic(
    folder,
    async (temporary) => {
      const { bavail, bsize } = await statfs(temporary);
      if (bavail * bsize < total)
        throw fault('runtime/no-space', { folder: dir, needed: total, free: bavail * bsize });
      const unpacked = tell('Unpacking');
      await unpackArchive(archive, manifest, temporary, { signal, onBytes: (done) => unpacked(done, total) });
    },
    { replace: true },
  );
  if (isAddress(source)) await rm(archive, { force: true });
  return folder;
}

/** A file is checked against the hash beside it where there is one; the hash of each file inside is checked in any case. */
async function checkFile(
  file: string,
  signal: AbortSignal,
  onBytes: (done: number, total: number) => void,
): Promise<void> {
  const { size } = await stat(file).catch((error: unknown) => {
    throw readFault(file, error);
  });
  const published = await readFile(`${file}.sha256`, 'utf8').catch(() => null);
  const expected = published === null ? null : hashIn(published);
  if (expected === null) return;
  onBytes(0, size);
  const found = await hashFile(file, 'sha256', { signal, onBytes: (done) => onBytes(done, size) });
  if (found !== expected) throw fault('runtime/hash', { file, expected, found });
}

/** Deletes the installed runtime and what was fetched of one; the one inside the app is used again. */
export async function removeRuntime(dir = runtimesDir()): Promise<void> {
  for (const folder of [cudaFolder(dir), path.join(dir, DOWNLOADS)])
    await rm(folder, { recursive: true, force: true });
}

/** TensorFlow has CUDA builds for this platform alone that need no installer of their own. */
const available = process.platform === 'linux' && process.arch === 'x64';

/** The runtime for NVIDIA GPUs. Engines that start later use what was installed. */
export function runtimeHandlers({ jobs }: BackendContext) {
  return answering({
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
    'system/install-runtime': ({ source }) =>
      jobs.begin({
        kind: 'runtime',
        title: `Installing ${path.basename(source)}`,
        work: (control) => installRuntime(source.trim(), told(control)),
      }),
    'system/remove-runtime': () => removeRuntime(),
  });
}
