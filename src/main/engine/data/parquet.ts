import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { Fault, fault } from '../../../shared/faults/index.ts';
import type { Table, TableRow } from './table.ts';
import { fileSize, readingFault } from './text-source.ts';

/**
 * A Parquet file, read one row group at a time. Throws `files/missing`, `files/unreadable`, `data/empty` and
 * `data/parquet`; `rows()` throws `files/vanished` and `data/parquet`.
 */
export async function openParquet(file: string): Promise<Table> {
  const size = await fileSize(file);
  if (size === 0) throw fault('data/empty', { file });
  const buffer = fileBuffer(file, size);
  const name = basename(file);
  const metadata = await asFault(name, () => parquetMetadataAsync(buffer));
  const columns = await asFault(name, () =>
    parquetSchema(metadata).children.map((child) => child.element.name),
  );
  const groups = metadata.row_groups.map((group) => Number(group.num_rows));

  async function* rows(): AsyncGenerator<TableRow> {
    let rowStart = 0;
    for (const groupRows of groups) {
      const range = { rowStart, rowEnd: rowStart + groupRows };
      const objects = await asFault(name, () =>
        parquetReadObjects({ file: buffer, metadata, compressors, ...range }),
      );
      for (const [i, object] of objects.entries()) {
        const values = Object.fromEntries(
          Object.entries(object).map(([key, value]) => [key, plainValue(value)]),
        );
        yield { row: rowStart + i + 1, values };
      }
      rowStart += groupRows;
    }
  }
  return { file, format: 'parquet', columns, encoding: 'utf-8', notes: [], rows };
}

/** The file by ranges. It is opened for each: a reader that is left early then leaves nothing open. */
function fileBuffer(file: string, byteLength: number): AsyncBuffer {
  return {
    byteLength,
    async slice(start, end = byteLength) {
      if (start < 0 || end > byteLength || start > end) throw new RangeError('it points outside of itself');
      const bytes = new Uint8Array(end - start);
      let read: number;
      try {
        const handle = await open(file);
        try {
          read = (await handle.read(bytes, 0, bytes.length, start)).bytesRead;
        } finally {
          await handle.close();
        }
      } catch (error) {
        throw readingFault(file, error);
      }
      if (read < bytes.length) throw fault('files/vanished', { file });
      return bytes.buffer;
    },
  };
}

/** 64-bit integers as numbers (as text beyond 2^53), typed arrays as arrays: what JSON would give. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof BigInt64Array || value instanceof BigUint64Array) return Array.from(value, plainValue);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as Uint8Array);
  return value;
}

/** Damage shows in the library as errors of any kind. */
async function asFault<T>(file: string, action: () => T | Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw fault('data/parquet', { file, reason }, error);
  }
}
