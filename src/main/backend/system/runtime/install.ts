import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rm, stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../../shared/faults/index.ts';
import { writeFolderAtomic } from '../../../engine/formats/atomic.ts';
import { readFault } from '../../../engine/formats/file-faults.ts';
import { cudaFolder, runtimesDir } from '../../../engine/runtime/installed.ts';
import { readManifest, unpackArchive } from './archive.ts';
import { downloadArchive, hashIn, type DownloadControl } from './download.ts';

interface InstallControl extends Pick<DownloadControl, 'signal' | 'retryWaits'> {
  onProgress: (now: { phase: string; done: number; total: number; unit: string }) => void;
}

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
  const downloads = path.join(dir, 'downloads');
  const archive = isAddress(source)
    ? await downloadArchive(source, downloads, {
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
  const published = await readFile(`${file}.sha256`, 'utf8').catch(() => null);
  try {
    const { size } = await stat(file);
    const expected = published === null ? null : hashIn(published);
    if (expected === null) return;
    const hash = createHash('sha256');
    let done = 0;
    for await (const chunk of createReadStream(file, { signal })) {
      hash.update(chunk as Buffer);
      onBytes((done += (chunk as Buffer).length), size);
    }
    const found = hash.digest('hex');
    if (found !== expected) throw fault('runtime/hash', { file, expected, found });
  } catch (error) {
    throw readFault(file, error);
  }
}

/** Deletes the installed runtime; the one inside the app is used again. */
export async function removeRuntime(dir = runtimesDir()): Promise<void> {
  await rm(cudaFolder(dir), { recursive: true, force: true });
}
