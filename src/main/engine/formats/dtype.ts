/** Bytes of one element, by the types that safetensors names. */
const itemSizes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 };

export type DType = keyof typeof itemSizes;

export function isDType(name: string): name is DType {
  return Object.hasOwn(itemSizes, name);
}

/** Bytes of one element. */
export const itemSize = (dtype: DType): number => itemSizes[dtype];

/** Number of elements of `shape`; NaN where it is beyond what a number counts exactly. */
export function elementCount(shape: readonly number[]): number {
  if (shape.includes(0)) return 0;
  let count = 1;
  for (const size of shape) {
    count *= size;
    if (!Number.isSafeInteger(count)) return NaN;
  }
  return count;
}

/** Bytes of a tensor; NaN where its shape is beyond what a number counts exactly. */
export function byteLength({ dtype, shape }: { dtype: DType; shape: readonly number[] }): number {
  const bytes = elementCount(shape) * itemSize(dtype);
  return Number.isSafeInteger(bytes) ? bytes : NaN;
}

/**
 * Little-endian elements as float32; F64 is rounded, the others are exact.
 * Returns null for types that are not floating-point. F32 shares memory with `bytes` where it is aligned.
 */
export function toFloat32(dtype: DType, bytes: Uint8Array): Float32Array | null {
  const count = bytes.byteLength / itemSize(dtype);
  const aligned = bytes.byteOffset % itemSize(dtype) === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer, byteOffset, count);
    case 'F64':
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case 'BF16': {
      const bits = Uint32Array.from(new Uint16Array(buffer, byteOffset, count), (half) => half << 16);
      return new Float32Array(bits.buffer);
    }
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), halfToNumber);
    default:
      return null;
  }
}

/** IEEE 754 binary16: 1 sign bit, 5 exponent bits with bias 15, 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** The bytes of float32 values, sharing their memory. */
export function bytesOf(values: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Floating-point types that weights are written in. */
export type FloatType = 'F32' | 'BF16' | 'F16';

/** Little-endian bytes of float32 values in another type, each rounded to the nearest, ties to even. */
export function floatBytes(values: Float32Array, dtype: FloatType): Uint8Array {
  if (dtype === 'F32') return bytesOf(values);
  if (dtype === 'F16') return new Uint8Array(Float16Array.from(values).buffer);
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const own = bits[i]!;
    // Adding could carry a NaN over to infinity; it keeps its sign and stays one.
    halves[i] = Number.isNaN(values[i]) ? (own >>> 16) | 0x40 : (own + 0x7fff + ((own >>> 16) & 1)) >>> 16;
  }
  return new Uint8Array(halves.buffer);
}
