import { RandomAccessReader, fromRandomAccessReaderPromise, type ZipFile } from 'yauzl';
import { Fault } from '../../../../shared/faults/index.ts';
import type { ByteSource } from '../byte-source.ts';

/** Where the bytes of an entry lie in the file; PyTorch never compresses. */
export interface ZipEntry {
  start: number;
  size: number;
}

/** Why a zip file is not taken; the caller knows which file it is. */
export class ZipError extends Error {}

/** yauzl's way to read, kept inside the file: the places it asks for come from the file itself. */
class SourceReader extends RandomAccessReader {
  readonly source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.source = source;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytesRead?: number) => void,
  ): void {
    if (!Number.isSafeInteger(position) || position < 0 || position + length > this.source.size) {
      setImmediate(callback, new ZipError('its table of contents points outside the file'));
      return;
    }
    this.source.read(position, length).then(
      (bytes) => {
        buffer.set(bytes, offset);
        callback(null, length);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }
}

/** The entries of a zip file by name, all stored uncompressed and inside the file. Throws `ZipError`. */
export async function zipEntries(source: ByteSource): Promise<Map<string, ZipEntry>> {
  try {
    const zip = await fromRandomAccessReaderPromise(new SourceReader(source), source.size, {
      autoClose: false,
    });
    return await entriesOf(zip);
  } catch (error) {
    if (error instanceof ZipError || error instanceof Fault) throw error;
    throw new ZipError(
      `it is a zip file that is cut or damaged (${error instanceof Error ? error.message : ''})`,
      {
        cause: error,
      },
    );
  }
}

async function entriesOf(zip: ZipFile): Promise<Map<string, ZipEntry>> {
  const entries = new Map<string, ZipEntry>();
  for await (const entry of zip.eachEntry()) {
    const { fileName, compressionMethod, uncompressedSize } = entry;
    if (compressionMethod !== 0)
      throw new ZipError(`its part ${fileName} is compressed, which PyTorch never does`);
    if (entries.has(fileName)) throw new ZipError(`its part ${fileName} is there twice`);
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    entries.set(fileName, { start: fileDataStart, size: uncompressedSize });
  }
  return entries;
}
