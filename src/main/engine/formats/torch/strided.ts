import { elementCount } from '../dtype.ts';

/** Number of elements between the first and the last of a view, both included. */
export function spanOf(shape: readonly number[], stride: readonly number[]): number {
  if (shape.includes(0)) return 0;
  return shape.reduce((span, size, axis) => span + (size - 1) * stride[axis]!, 1);
}

export function isContiguous(shape: readonly number[], stride: readonly number[]): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

/** The elements of a view in row-major order; `source` begins at its first element and is aligned to `itemSize`. */
export function gather(
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
  let place = 0;
  for (let i = 0; i < count; i++) {
    to[i] = from[place]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]!++;
      place += stride[axis]!;
      if (index[axis]! < shape[axis]!) break;
      place -= shape[axis]! * stride[axis]!;
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
