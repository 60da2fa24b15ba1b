import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type AsyncBuffer,
  type FileMetaData,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { codeOf } from '../formats/file-faults.ts';
import { classNamesOf } from './class-names.ts';
import { BudgetError, checkGroup, decoderMegabytes, mostCharacters } from './parquet-budget.ts';

/*
 * Decodes one Parquet file on a thread of its own, which remembers how far it is. Damaged bytes can keep the decoder busy
 * without end, make it allocate without bound or leave a rejected promise behind; a thread can be ended for any of these.
 */

export interface ParquetTask {
  file: string;
  /** Bytes when the file was opened. */
  size: number;
}

export interface ParquetHead {
  columns: string[];
  /** Rows in all. */
  count: number;
  /** By column: the names of its class numbers, where `datasets` (Hugging Face) wrote them into the file. */
  classNames: Record<string, string[]>;
}

/** Of each row group first what decoding it takes, then its rows; null at the end. */
type ParquetPart = { megabytes: number } | { rows: Record<string, unknown>[] } | null;

const ROWS_A_REPLY = 500;
/** Texts of a dictionary are held once here, and once a row where a reply arrives. */
const CHARACTERS_A_REPLY = 2 ** 22;

const bounded: typeof compressors = {
  ...compressors,
  // The package's own goes by what the packed bytes say of their size, not by what the page says.
  ZSTD: (input, length) => zstdDecompressSync(input, { maxOutputLength: Math.max(1, length) }),
};

/** The file by ranges. It is opened for each: a thread that is ended then leaves nothing open. */
function fileBuffer({ file, size }: ParquetTask): AsyncBuffer {
  return {
    byteLength: size,
    async slice(start, end = size) {
      if (!(start >= 0 && start <= end && end <= size)) throw new RangeError('it points outside of itself');
      const bytes = new Uint8Array(end - start);
      const read = await readRange(file, bytes, start);
      if (read < bytes.length) throw fault('files/vanished', { file });
      return bytes.buffer;
    },
  };
}

async function readRange(file: string, bytes: Uint8Array, position: number): Promise<number> {
  try {
    const handle = await open(file);
    try {
      return (await handle.read(bytes, 0, bytes.length, position)).bytesRead;
    } finally {
      await handle.close();
    }
  } catch (error) {
    const reason = codeOf(error) || String(error);
    if (reason === 'ENOENT') throw fault('files/vanished', { file }, error);
    throw fault('files/unreadable', { file, reason }, error);
  }
}

let parts: AsyncGenerator<ParquetPart, null> | undefined;

export const tasks = {
  head: () => (task: ParquetTask) =>
    named(task, async () => {
      const file = fileBuffer(task);
      const metadata = await parquetMetadataAsync(file);
      parts = partsOf(task, file, metadata);
      const head: ParquetHead = {
        columns: parquetSchema(metadata).children.map((child) => child.element.name),
        count: metadata.row_groups.reduce((sum, group) => sum + Number(group.num_rows), 0),
        classNames: classNames(metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value),
      };
      return head;
    }),
  /** The next part behind the head. */
  next: () => (task: ParquetTask) => named(task, async () => (await parts!.next()).value),
};

/** What is wrong with a file as a fault. */
async function named<Result>({ file }: ParquetTask, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const code = error instanceof BudgetError ? 'data/parquet-memory' : 'data/parquet';
    throw fault(code, { file: basename(file), reason });
  }
}

async function* partsOf(
  { size }: ParquetTask,
  file: AsyncBuffer,
  metadata: FileMetaData,
): AsyncGenerator<ParquetPart, null> {
  const most = mostCharacters(size);
  let characters = 0;
  let rowStart = 0;
  for (const group of metadata.row_groups) {
    const rowEnd = rowStart + Number(group.num_rows);
    yield { megabytes: await checkGroup(file, group, decoderMegabytes(size)) };
    const objects = await parquetReadObjects({ file, metadata, compressors: bounded, rowStart, rowEnd });
    let rows: Record<string, unknown>[] = [];
    let sent = characters;
    for (const [i, object] of objects.entries()) {
      rows.push(plainRow(object, (length) => (characters += length)));
      if (characters > most) {
        const row = (rowStart + i + 1).toLocaleString('en-US');
        throw new BudgetError(`its texts are over ${Math.floor(most / 2 ** 20)} MB long by row ${row}`);
      }
      if (rows.length < ROWS_A_REPLY && characters - sent < CHARACTERS_A_REPLY) continue;
      yield { rows };
      [rows, sent] = [[], characters];
    }
    if (rows.length > 0) yield { rows };
    rowStart = rowEnd;
  }
  return null;
}

const featuresSchema = z.object({
  info: z.object({ features: z.record(z.string(), z.looseObject({})) }),
});

/** The `ClassLabel` features that `datasets` describes in a file's metadata. */
function classNames(description: string | undefined): Record<string, string[]> {
  if (description === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(description);
  } catch {
    return {};
  }
  return classNamesOf(featuresSchema.safeParse(value).data?.info.features);
}

/** `count` is told the length of each text in it. */
function plainRow(row: Record<string, unknown>, count: (length: number) => void): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plainValue(value, count)]));
}

/** What JSON would give: 64-bit integers as numbers (as text beyond 2^53), times as texts, typed arrays as arrays. */
function plainValue(value: unknown, count: (length: number) => void): unknown {
  if (typeof value === 'string') {
    count(value.length);
    return value;
  }
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value) || value instanceof BigInt64Array || value instanceof BigUint64Array) {
    count(value.length);
    return Array.from<unknown, unknown>(value, (item) => plainValue(item, count));
  }
  if (ArrayBuffer.isView(value)) {
    count(value.byteLength);
    return value instanceof DataView ? null : Array.from(value as Uint8Array);
  }
  return plainRow(value as Record<string, unknown>, count);
}
