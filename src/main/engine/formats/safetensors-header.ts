import { z } from 'zod';
import { byteLength, isDType } from './dtype.ts';
import { JsonError, decodeUtf8, parseJson } from './json.ts';
import type { TensorInfo } from './tensor.ts';

/** A tensor and where its bytes lie, counted from the end of the header. */
export interface PlacedTensor extends TensorInfo {
  begin: number;
  end: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. */
  tensors: PlacedTensor[];
  metadata: Record<string, string>;
  /** Bytes after the header. */
  dataLength: number;
}

/** Why a header is not taken. */
export class HeaderError extends Error {}

/** An element type that safetensors has and Graft does not. */
export class DTypeError extends Error {
  readonly tensor: string;
  readonly dtype: string;

  constructor(tensor: string, dtype: string) {
    super(`${tensor} is ${dtype}`);
    this.tensor = tensor;
    this.dtype = dtype;
  }
}

/** The reference library's limit. */
export const largestHeader = 100_000_000;
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
 * their offsets, tensors that lie side by side without gap or overlap. Throws `HeaderError` or `DTypeError`.
 * Format: https://huggingface.co/docs/safetensors
 */
export function parseSafetensorsHeader(bytes: Uint8Array): SafetensorsHeader {
  if (bytes[0] !== 0x7b) throw new HeaderError('its header does not begin with {');
  if (bytes.length > largestRead)
    throw new HeaderError(`its header has ${bytes.length} bytes, and that of a model some kilobytes`);
  const { __metadata__, ...entries } = headerObject(bytes);
  const metadata = metadataOf(__metadata__);
  const names = Object.keys(entries).length;
  if (names > mostTensors)
    throw new HeaderError(`it names ${names} tensors, and no model has more than ${mostTensors}`);
  const tensors = Object.entries(entries).map(([name, entry]) => placed(name, entry));
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

function placed(name: string, value: unknown): PlacedTensor {
  const result = entrySchema.safeParse(value);
  if (!result.success) throw new HeaderError(`the entry of ${name} is not a dtype, a shape and two offsets`);
  const { dtype, shape, data_offsets } = result.data;
  const [begin, end] = data_offsets;
  if (!isDType(dtype)) throw new DTypeError(name, dtype);
  const length = byteLength({ dtype, shape });
  if (end - begin !== length) {
    throw new HeaderError(
      `${name} of shape [${shape.join(', ')}] in ${dtype} does not fit its ${end - begin} bytes`,
    );
  }
  return { name, dtype, shape, begin, end };
}
