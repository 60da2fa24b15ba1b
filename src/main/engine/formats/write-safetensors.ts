import { writeFileAtomic } from './atomic.ts';
import { byteLength, type DType } from './dtype.ts';
import type { TensorInfo } from './tensor.ts';

export interface TensorToWrite extends TensorInfo {
  /** Asked for when its turn comes: little-endian, row-major bytes, as many as dtype and shape say. */
  data: () => Promise<Uint8Array> | Uint8Array;
}

/** The reference library's order of types: those with the largest elements first, so that all stay aligned. */
const order: readonly DType[] = ['I64', 'F64', 'F32', 'I32', 'BF16', 'F16', 'I16', 'I8', 'U8', 'BOOL'];

/**
 * Writes a safetensors file, whole or not at all, one tensor in memory at a time; the bytes are those of
 * Python's `safetensors.save_file`. Metadata keys are sorted. Throws what `writeFileAtomic` throws; an `Error`
 * (a defect of the caller) for a name given twice or data that does not fit its shape.
 */
export async function writeSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  metadata?: Readonly<Record<string, string>>,
): Promise<void> {
  const sorted = [...tensors].sort(
    (a, b) =>
      order.indexOf(a.dtype) - order.indexOf(b.dtype) ||
      Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)),
  );
  await writeFileAtomic(file, contents(headerOf(sorted, metadata), sorted));
}

async function* contents(header: Uint8Array, tensors: readonly TensorToWrite[]): AsyncGenerator<Uint8Array> {
  yield header;
  for (const tensor of tensors) {
    const bytes = await tensor.data();
    if (bytes.byteLength !== byteLength(tensor)) {
      throw new Error(
        `${tensor.name}: ${bytes.byteLength} bytes for ${tensor.dtype} [${tensor.shape.join(', ')}]`,
      );
    }
    yield bytes;
  }
}

/** Length (8 bytes, little-endian) and JSON, padded with spaces so that the tensors begin at a multiple of 8. */
function headerOf(
  tensors: readonly TensorToWrite[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const entries: string[] = [];
  if (metadata !== undefined) {
    const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
    entries.push(`"__metadata__":${JSON.stringify(Object.fromEntries(sorted))}`);
  }
  const names = new Set<string>();
  let begin = 0;
  for (const { name, dtype, shape } of tensors) {
    if (names.has(name)) throw new Error(`${name} is given twice`);
    names.add(name);
    const end = begin + byteLength({ dtype, shape });
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [begin, end] })}`);
    begin = end;
  }
  const json = Buffer.from(`{${entries.join(',')}}`);
  const padded = Math.ceil(json.length / 8) * 8;
  const header = Buffer.alloc(8 + padded, ' ');
  header.writeBigUInt64LE(BigInt(padded));
  json.copy(header, 8);
  return header;
}
