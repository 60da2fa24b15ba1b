import { open } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { parquetMetadataAsync, parquetReadObjects, parquetSchema, type AsyncBuffer } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { z } from 'zod';

/*
 * Decodes one Parquet file on a thread of its own. Damaged bytes can keep the decoder busy without end, make it
 * allocate without bound or leave a rejected promise behind; a thread can be ended for any of these.
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

/** Each message to the worker asks for one reply: the head first, then rows until there are no more. */
export type ParquetReply =
  | ({ kind: 'head' } & ParquetHead)
  | { kind: 'rows'; rows: Record<string, unknown>[] }
  | { kind: 'end' }
  | { kind: 'unreadable'; code: string }
  | { kind: 'vanished' }
  | { kind: 'damaged'; reason: string };

const ROWS_A_REPLY = 500;

/** A read that the file system refused, or that found the file shorter than it was. */
class ReadError extends Error {
  readonly reply: ParquetReply;

  constructor(reply: ParquetReply) {
    super(reply.kind);
    this.reply = reply;
  }
}

/** The file by ranges. It is opened for each: a thread that is ended then leaves nothing open. */
function fileBuffer({ file, size }: ParquetTask): AsyncBuffer {
  return {
    byteLength: size,
    async slice(start, end = size) {
      if (!(start >= 0 && start <= end && end <= size)) throw new RangeError('it points outside of itself');
      const bytes = new Uint8Array(end - start);
      const read = await readRange(file, bytes, start);
      if (read < bytes.length) throw new ReadError({ kind: 'vanished' });
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
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new ReadError(code === 'ENOENT' ? { kind: 'vanished' } : { kind: 'unreadable', code });
  }
}

async function* replies(task: ParquetTask): AsyncGenerator<ParquetReply> {
  try {
    const file = fileBuffer(task);
    const metadata = await parquetMetadataAsync(file);
    yield {
      kind: 'head',
      columns: parquetSchema(metadata).children.map((child) => child.element.name),
      count: Number(metadata.num_rows),
      classNames: classNames(metadata.key_value_metadata?.find(({ key }) => key === 'huggingface')?.value),
    };
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const objects = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
      for (let i = 0; i < objects.length; i += ROWS_A_REPLY) {
        yield { kind: 'rows', rows: objects.slice(i, i + ROWS_A_REPLY).map(plainRow) };
      }
      rowStart = rowEnd;
    }
    yield { kind: 'end' };
  } catch (error) {
    if (error instanceof ReadError) yield error.reply;
    else yield { kind: 'damaged', reason: error instanceof Error ? error.message : String(error) };
  }
}

const featuresSchema = z.object({
  info: z.object({ features: z.record(z.string(), z.looseObject({})) }),
});
const classLabelSchema = z.object({ _type: z.literal('ClassLabel'), names: z.array(z.string()).min(1) });

/** The `ClassLabel` features that `datasets` describes in a file's metadata. */
function classNames(description: string | undefined): Record<string, string[]> {
  if (description === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(description);
  } catch {
    return {};
  }
  const described = featuresSchema.safeParse(value);
  if (!described.success) return {};
  return Object.fromEntries(
    Object.entries(described.data.info.features).flatMap(([column, feature]) => {
      const label = classLabelSchema.safeParse(feature);
      return label.success ? [[column, label.data.names]] : [];
    }),
  );
}

function plainRow(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, plainValue(value)]));
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

if (parentPort !== null) {
  const port = parentPort;
  const source = replies(workerData as ParquetTask);
  port.on('message', () => {
    void source.next().then(({ value }) => port.postMessage(value));
  });
}
