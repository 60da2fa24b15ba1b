import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { endianness } from 'node:os';

/** Token lengths of a version, one 32-bit number a row, little-endian: row 1 first. */
export function readLengths(file: string): Uint32Array {
  const bytes = readFileSync(file);
  if (endianness() === 'BE') bytes.swap32();
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}

export function lengthsBytes(lengths: Uint32Array): Buffer {
  const bytes = Buffer.from(
    lengths.buffer.slice(lengths.byteOffset, lengths.byteOffset + lengths.byteLength),
  );
  return endianness() === 'BE' ? bytes.swap32() : bytes;
}

/** The lengths of some rows. */
export function lengthsOfRows(file: string, rows: readonly number[]): number[] {
  const handle = openSync(file, 'r');
  try {
    const cell = Buffer.alloc(4);
    return rows.map((row) => {
      readSync(handle, cell, 0, 4, (row - 1) * 4);
      return cell.readUInt32LE(0);
    });
  } finally {
    closeSync(handle);
  }
}

/** The rows that are longer than so many tokens, in order. */
export function longerRows(lengths: Uint32Array, maxLength: number): number[] {
  const rows: number[] = [];
  for (const [i, length] of lengths.entries()) if (length > maxLength) rows.push(i + 1);
  return rows;
}
