import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { openPromise, type Entry, type ZipFile } from 'yauzl';
import { fault, Fault } from '../../../../shared/faults/index.ts';
import { writeFault } from '../../../engine/formats/file-faults.ts';
import {
  runtimeManifestSchema,
  tensorflowVersion,
  type RuntimeManifest,
} from '../../../engine/runtime/installed.ts';

const MANIFEST = 'runtime.json';
const MOST_MANIFEST_BYTES = 10_000_000;

/** Plain names below the archive's folder, no way out of it. */
const plainName = /^(?!\/)(?!.*(?:^|\/)\.\.?(?:\/|$))[\w.+@/-]+$/;

/** What an archive says it is. Throws `runtime/archive`, `runtime/other-machine`, `runtime/other-version`. */
export async function readManifest(file: string): Promise<RuntimeManifest> {
  const manifest = await withZip(file, async (zip) => {
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName !== MANIFEST || entry.uncompressedSize > MOST_MANIFEST_BYTES) continue;
      const chunks: Buffer[] = [];
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
      return runtimeManifestSchema.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    }
    throw new Error(`it has no ${MANIFEST}`);
  });
  const wanted = `${process.platform}-${process.arch}`;
  if (manifest.platform !== wanted)
    throw fault('runtime/other-machine', { file, found: manifest.platform, wanted });
  if (manifest.tensorflow !== tensorflowVersion)
    throw fault('runtime/other-version', { file, found: manifest.tensorflow, wanted: tensorflowVersion });
  if (!Object.keys(manifest.files).every((name) => plainName.test(name)))
    throw fault('runtime/archive', { file, reason: 'it names files outside its folder' });
  return manifest;
}

/**
 * Unpacks every file that the manifest names into `target`, each checked against its hash while it is written. Throws
 * `runtime/archive`, `runtime/hash`, `files/…`, or the signal's reason.
 */
export async function unpackArchive(
  file: string,
  manifest: RuntimeManifest,
  target: string,
  { signal, onBytes }: { signal: AbortSignal; onBytes: (done: number) => void },
): Promise<void> {
  const left = new Map(Object.entries(manifest.files));
  let done = 0;
  await withZip(file, async (zip) => {
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      const wanted = left.get(entry.fileName);
      if (!wanted) continue;
      left.delete(entry.fileName);
      const found = await unpackEntry(zip, entry, path.join(target, entry.fileName), signal, (bytes) => {
        onBytes((done += bytes));
      });
      if (found !== wanted.sha256)
        throw fault('runtime/hash', { file: `${entry.fileName} in ${file}`, expected: wanted.sha256, found });
    }
  });
  const [missing] = left.keys();
  if (missing !== undefined) throw fault('runtime/archive', { file, reason: `${missing} is missing in it` });
  await writeFile(path.join(target, MANIFEST), JSON.stringify(manifest));
  // The addon's own search path leads through a folder of this name.
  await symlink('.', path.join(target, 'deps'));
}

async function unpackEntry(
  zip: ZipFile,
  entry: Entry,
  place: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void,
): Promise<string> {
  await mkdir(path.dirname(place), { recursive: true });
  const hash = createHash('sha256');
  const count = new Transform({
    transform(chunk: Buffer, _, done) {
      hash.update(chunk);
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const source: Readable = await zip.openReadStreamPromise(entry);
  // Some of CUDA's files are programs.
  const mode = place.includes(`${path.sep}bin${path.sep}`) ? 0o755 : 0o644;
  try {
    await pipeline(source, count, createWriteStream(place, { mode }), { signal });
  } catch (error) {
    // zlib's errors have codes as well: they are the archive's.
    throw error instanceof Error && 'syscall' in error ? writeFault(place, error) : error;
  }
  return hash.digest('hex');
}

async function withZip<T>(file: string, work: (zip: ZipFile) => Promise<T>): Promise<T> {
  let zip: ZipFile | undefined;
  try {
    zip = await openPromise(file, { autoClose: false });
    return await work(zip);
  } catch (error) {
    if (error instanceof Fault || (error instanceof Error && error.name === 'AbortError')) throw error;
    const reason = error instanceof Error ? error.message.split('\n')[0]! : String(error);
    throw fault('runtime/archive', { file, reason: reason.replace(/\.$/, '') }, error);
  } finally {
    zip?.close();
  }
}
