import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { openByteSource, refuseImpostor, type ByteSource } from './byte-source.ts';
import { byteLength, isDType } from './dtype.ts';
import { JsonError, decodeUtf8, parseJson } from './json.ts';
import { tensorFile, type TensorFile, type TensorInfo } from './tensor.ts';

/** A tensor and where its bytes lie, counted from the end of the header. */
interface PlacedTensor extends TensorInfo {
  begin: number;
  end: number;
}

interface SafetensorsHeader {
  /** In the order of their bytes. */
  tensors: PlacedTensor[];
  metadata: Record<string, string>;
  /** Bytes after the header. */
  dataLength: number;
}

/** Why a header is not taken. */
class HeaderError extends Error {}

/** The reference library's limit. */
const largestHeader = 100_000_000;
/** The largest encoders have a thousand; each takes time and memory to check. */
const mostTensors = 20_000;
/** Room for as many with long names. */
const largestRead = 32 * 2 ** 20;

const size = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size),
  data_offsets: z.tuple([size, size]),
});

/**
 * The JSON part of a safetensors file, checked as the reference library does: known types, shapes that fit
 * their offsets, tensors that lie side by side without gap or overlap. Throws `HeaderError` or `formats/dtype`.
 * Format: https://huggingface.co/docs/safetensors
 */
function parseSafetensorsHeader(bytes: Uint8Array, file: string): SafetensorsHeader {
  if (bytes[0] !== 0x7b) throw new HeaderError('its header does not begin with {');
  if (bytes.length > largestRead)
    throw new HeaderError(`its header has ${bytes.length} bytes, and that of a model some kilobytes`);
  const { __metadata__, ...entries } = headerObject(bytes);
  const metadata = metadataOf(__metadata__);
  const names = Object.keys(entries).length;
  if (names > mostTensors)
    throw new HeaderError(`it names ${names} tensors, and no model has more than ${mostTensors}`);
  const tensors = Object.entries(entries).map(([name, entry]) => placed(name, entry, file));
  tensors.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let at = 0;
  for (const { name, begin, end } of tensors) {
    if (begin !== at) {
      throw new HeaderError(
        `the bytes of ${name} begin at ${begin}, and those of the tensor before it end at ${at}`,
      );
    }
    at = end;
  }
  return { tensors, metadata, dataLength: at };
}

function headerObject(bytes: Uint8Array): Record<string, unknown> {
  try {
    // A tensor's shape is the deepest: {"name": {"shape": [
    const json = parseJson(decodeUtf8(bytes), { maxDepth: 3, unique: true });
    return z.looseObject({}).parse(json);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw new HeaderError(`its header is not valid (${error.message})`);
  }
}

function metadataOf(value: unknown): Record<string, string> {
  const result = z.record(z.string(), z.string()).default({}).safeParse(value);
  if (!result.success) throw new HeaderError('its __metadata__ is not a map of texts');
  return result.data;
}

function placed(name: string, value: unknown, file: string): PlacedTensor {
  const result = entrySchema.safeParse(value);
  if (!result.success) throw new HeaderError(`the entry of ${name} is not a dtype, a shape and two offsets`);
  const { dtype, shape, data_offsets } = result.data;
  const [begin, end] = data_offsets;
  if (!isDType(dtype)) throw fault('formats/dtype', { file, tensor: name, dtype });
  const length = byteLength({ dtype, shape });
  if (end - begin !== length) {
    throw new HeaderError(
      `${name} of shape [${shape.join(', ')}] in ${dtype} does not fit its ${end - begin} bytes`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/**
 * Opens a safetensors file: the header is read and checked, tensors are read by range when they are asked for.
 * Throws `files/…`, `formats/safetensors-damaged`, `formats/cut`, `formats/dtype` or what `refuseImpostor` throws.
 */
export async function openSafetensors(file: string): Promise<TensorFile> {
  const source = await openByteSource(file);
  try {
    await refuseImpostor(source);
    const { header, dataStart } = await readHeader(source);
    const byName = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
    return tensorFile({
      path: file,
      metadata: header.metadata,
      tensors: header.tensors.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
      readBytes: ({ name }) => {
        const { begin, end } = byName.get(name)!;
        return source.read(dataStart + begin, end - begin);
      },
      close: () => source.close(),
    });
  } catch (error) {
    await source.close();
    if (error instanceof HeaderError)
      throw fault('formats/safetensors-damaged', { file, reason: error.message }, error);
    throw error;
  }
}

async function readHeader(source: ByteSource): Promise<{ header: SafetensorsHeader; dataStart: number }> {
  const { path: file, size } = source;
  if (size < 8) throw new HeaderError(`it has only ${size} bytes`);
  const prefix = await source.read(0, 8);
  if (prefix[0] === 0x50 && prefix[1] === 0x4b)
    throw new HeaderError('it is a zip file, as PyTorch writes for .bin');
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(largestHeader))
    throw new HeaderError('its first eight bytes are not the length of a header');
  const dataStart = 8 + Number(length);
  if (dataStart > size) throw fault('formats/cut', { file, size, needed: dataStart });
  const header = parseSafetensorsHeader(await source.read(8, Number(length)), file);
  const needed = dataStart + header.dataLength;
  if (needed > size) throw fault('formats/cut', { file, size, needed });
  if (needed < size) throw new HeaderError(`${size - needed} bytes follow its last tensor`);
  return { header, dataStart };
}
