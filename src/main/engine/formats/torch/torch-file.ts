import { fault } from '../../../../shared/faults/index.ts';
import { openByteSource, type ByteSource } from '../byte-source.ts';
import { byteLength, itemSize } from '../dtype.ts';
import { refuseImpostor } from '../impostor.ts';
import { tensorFile } from '../tensor-file.ts';
import type { TensorFile, TensorInfo } from '../tensor.ts';
import { refuseLegacy } from './legacy.ts';
import { unpickle } from './pickle.ts';
import { gather, isContiguous, spanOf } from './strided.ts';
import { torchRules } from './torch-rules.ts';
import { PickleError, Tensor, type PickleValue } from './values.ts';
import { ZipError, zipEntries, type ZipEntry } from './zip.ts';

/** A tensor of the file, and the bytes that its elements lie among. */
interface View extends TensorInfo {
  start: number;
  span: number;
  stride: readonly number[];
}

/**
 * Opens a `.bin` file that `torch.save` wrote (PyTorch 1.6 or newer). Its pickle can build tensors and
 * dictionaries and nothing else; tensors are read by range when they are asked for.
 * Throws `files/…`, `formats/pickle-code`, `formats/torch-…`, `formats/byte-order`, `formats/dtype` or what
 * `refuseImpostor` throws.
 */
export async function openTorchFile(file: string): Promise<TensorFile> {
  const source = await openByteSource(file);
  try {
    await refuseImpostor(source);
    await refuseLegacy(source);
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
  return Array.from(stateDict(value, source.path), ([name, tensor]) => {
    const { key } = tensor.storage;
    const entry = entries.get(`${root}data/${key}`);
    if (entry === undefined) throw new ZipError(`its part data/${key}, which holds ${name}, is missing`);
    return viewOf(name, tensor, entry, source.size);
  });
}

/** The pairs of name and tensor that a file of weights is. */
function stateDict(value: PickleValue, file: string): Map<string, Tensor> {
  if (!(value instanceof Map))
    throw fault('formats/torch-content', { file, what: 'it is not a dictionary of tensors' });
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of value) {
    if (typeof name !== 'string' || !(tensor instanceof Tensor)) {
      const key = typeof name === 'string' || typeof name === 'number' ? `${name}` : 'one of its keys';
      throw fault('formats/torch-content', { file, what: `${key} is not a tensor` });
    }
    tensors.set(name, tensor);
  }
  return tensors;
}

function viewOf(name: string, tensor: Tensor, entry: ZipEntry, fileSize: number): View {
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
