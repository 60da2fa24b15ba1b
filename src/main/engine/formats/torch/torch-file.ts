import { fault, Fault } from '../../../../shared/faults/index.ts';
import { openByteSource, refuseImpostor, type ByteSource } from '../byte-source.ts';
import { byteLength, elementCount, itemSize } from '../dtype.ts';
import { tensorFile, type TensorFile, type TensorInfo } from '../tensor.ts';
import { torchRules } from './torch-rules.ts';
import { isKind, PickleError, unpickle, type PickleValue, type Tensor } from './pickle.ts';
import { RandomAccessReader, fromRandomAccessReaderPromise, type ZipFile } from 'yauzl';

/** A tensor of the file, and the bytes that its elements lie among. */
interface View extends TensorInfo {
  start: number;
  span: number;
  stride: readonly number[];
}

/**
 * Opens a `.bin` file that `torch.save` wrote, of any version. Its pickle can build tensors and
 * dictionaries and nothing else; tensors are read by range when they are asked for.
 * Throws `files/…`, `formats/pickle-code`, `formats/torch-…`, `formats/byte-order`, `formats/dtype` or what
 * `refuseImpostor` throws.
 */
export async function openTorchFile(file: string): Promise<TensorFile> {
  const source = await openByteSource(file);
  try {
    await refuseImpostor(source);
    const views = await readViews(source);
    const byName = new Map(views.map((view) => [view.name, view]));
    return tensorFile({
      path: file,
      metadata: {},
      tensors: views.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      readBytes: ({ name }) => readView(source, byName.get(name)!),
      close: () => source.close(),
    });
  } catch (error) {
    await source.close();
    if (error instanceof ZipError || error instanceof PickleError) {
      throw fault('formats/torch-damaged', { file, reason: error.message }, error);
    }
    throw error;
  }
}

async function readViews(source: ByteSource): Promise<View[]> {
  const [p, k] = await source.read(0, Math.min(source.size, 2));
  const { state, storages } = await (p === 0x50 && k === 0x4b ? zipContents(source) : oldContents(source));
  return Array.from(state, ([name, tensor]) => {
    const { key } = tensor.storage;
    const part = storages.get(key);
    if (part === undefined) throw new ZipError(`its part data/${key}, which holds ${name}, is missing`);
    return viewOf(name, tensor, part, source.size);
  });
}

/** The tensors of a file by name, and where the bytes of their storages lie, by key. */
interface Contents {
  state: ReadonlyMap<string, Tensor>;
  storages: ReadonlyMap<string, Part>;
}

async function zipContents(source: ByteSource): Promise<Contents> {
  const entries = await zipEntries(source);
  const pickleName = Array.from(entries.keys()).find((name) => /^[^/]+\/data\.pkl$/.test(name));
  if (pickleName === undefined) throw new ZipError('it is a zip file without data.pkl');
  const root = pickleName.slice(0, -'data.pkl'.length);

  const byteOrder = entries.get(`${root}byteorder`);
  if (byteOrder !== undefined) {
    const order = new TextDecoder().decode(await source.read(byteOrder.start, Math.min(byteOrder.size, 20)));
    if (order !== 'little') throw fault('formats/byte-order', { file: source.path, order });
  }
  const { start, size } = entries.get(pickleName)!;
  const { value } = unpickle(await source.read(start, size), torchRules(source.path));
  const data = `${root}data/`;
  const parts = Array.from(entries).filter(([name]) => name.startsWith(data));
  return {
    state: stateDict(value, source.path),
    storages: new Map(parts.map(([name, part]) => [name.slice(data.length), part])),
  };
}

/** Enough for the pickles of the largest encoders; the numbers follow after them. */
const LARGEST_PICKLES = 8 * 2 ** 20;

/** The first pickle of the old format: protocol 2, then the number 0x1950a86a20f9469cfc6c. */
const MAGIC = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/**
 * The format from before PyTorch 1.6 (`torch.serialization._legacy_save`): pickles of the magic number, a version, the
 * system, the object and the storages' keys; then for each key its number of elements (int64) and their bytes.
 */
async function oldContents(source: ByteSource): Promise<Contents> {
  const bytes = await source.read(0, Math.min(source.size, LARGEST_PICKLES));
  let at = 0;
  const next = (): PickleValue => {
    const { value, end } = unpickle(bytes, torchRules(source.path), at);
    at = end;
    return value;
  };
  if (!MAGIC.every((byte, i) => bytes[i] === byte)) {
    // It is looked through all the same, so that one that would run code is called that.
    try {
      next();
    } catch (error) {
      if (!(error instanceof PickleError)) throw error;
    }
    throw new PickleError('it does not begin as torch.save writes it');
  }
  next();
  next();
  next();
  const state = stateDict(next(), source.path);
  const keys = next();
  if (!Array.isArray(keys)) throw new PickleError('it does not list its storages');
  const storageOf = new Map(Array.from(state.values(), ({ storage }) => [storage.key, storage]));
  const storages = new Map<string, Part>();
  for (const key of keys) {
    const storage = typeof key === 'string' ? storageOf.get(key) : undefined;
    if (storage === undefined) throw new PickleError('it lists a storage that no tensor lies in');
    if (at + 8 > source.size) throw new PickleError('its numbers end too early');
    const [count] = new BigUint64Array((await source.read(at, 8)).buffer);
    const size = Number(count) * itemSize(storage.dtype);
    const start = at + 8;
    if (start + size > source.size) throw new PickleError('its numbers end too early');
    storages.set(storage.key, { start, size });
    at = start + size;
  }
  return { state, storages };
}

/** The pairs of name and tensor that a file of weights is. */
function stateDict(value: PickleValue, file: string): Map<string, Tensor> {
  if (!(value instanceof Map))
    throw fault('formats/torch-content', { file, what: 'it is not a dictionary of tensors' });
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of value) {
    if (typeof name !== 'string' || !isKind(tensor, 'tensor')) {
      const key = typeof name === 'string' || typeof name === 'number' ? `${name}` : 'one of its keys';
      throw fault('formats/torch-content', { file, what: `${key} is not a tensor` });
    }
    tensors.set(name, tensor);
  }
  return tensors;
}

function viewOf(name: string, tensor: Tensor, entry: Part, fileSize: number): View {
  const { storage, offset, shape, stride } = tensor;
  const { dtype } = storage;
  const bytesPerItem = itemSize(dtype);
  const span = spanOf(shape, stride);
  if (storage.length * bytesPerItem > entry.size)
    throw new ZipError(`the part that holds ${name} is too short`);
  if (offset + span > storage.length) throw new ZipError(`${name} reaches beyond the end of its storage`);
  // A stride of 0 repeats an element, so a few bytes can claim any shape.
  if (!(byteLength({ dtype, shape }) <= fileSize))
    throw new ZipError(`${name} is larger than the file itself`);
  return { name, dtype, shape, stride, start: entry.start + offset * bytesPerItem, span };
}

async function readView(
  source: ByteSource,
  { start, span, dtype, shape, stride }: View,
): Promise<Uint8Array> {
  const bytes = await source.read(start, span * itemSize(dtype));
  return isContiguous(shape, stride) || span === 0 ? bytes : gather(bytes, itemSize(dtype), shape, stride);
}

/** Number of elements between the first and the last of a view, both included. */
function spanOf(shape: readonly number[], stride: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((span, size, axis) => span + (size - 1) * stride[axis]!, 1);
}

function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** The elements of a view in row-major order; `source` begins at its first element and is aligned to `itemSize`. */
function gather(
  source: Uint8Array,
  itemSize: number,
  shape: readonly number[],
  stride: readonly number[],
): Uint8Array {
  // As pairs of integers: as float64, the bits of an int64 that reads as NaN could change.
  if (itemSize === 8) return gather(source, 4, [...shape, 2], [...stride.map((step) => step * 2), 1]);
  const count = elementCount(shape);
  const result = new Uint8Array(count * itemSize);
  const [from, to] = [elements(source, itemSize), elements(result, itemSize)];
  const index = shape.map(() => 0);
  let position = 0;
  for (let i = 0; i < count; i++) {
    to[i] = from[position]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      position += stride[axis]!;
      if (index[axis]! < shape[axis]!) break;
      position -= shape[axis]! * stride[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

function elements(bytes: Uint8Array, itemSize: number): Uint8Array | Uint16Array | Uint32Array {
  const { buffer, byteOffset, byteLength } = bytes;
  const count = byteLength / itemSize;
  if (itemSize === 2) return new Uint16Array(buffer, byteOffset, count);
  if (itemSize === 4) return new Uint32Array(buffer, byteOffset, count);
  return bytes;
}

/** Where the bytes of a part lie in the file; PyTorch never compresses. */
interface Part {
  start: number;
  size: number;
}

/** Why a zip file is not taken; the caller knows which file it is. */
class ZipError extends Error {}

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
async function zipEntries(source: ByteSource): Promise<Map<string, Part>> {
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

async function entriesOf(zip: ZipFile): Promise<Map<string, Part>> {
  const entries = new Map<string, Part>();
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
