import { once } from 'node:events';
import { basename, extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { fault } from '../../../shared/faults/index.ts';
import type { ParquetHead, ParquetReply, ParquetTask } from './parquet-worker.ts';
import type { Table, TableRow } from './table.ts';
import { fileSize } from './text-source.ts';

/** Far more than a row group takes to decode; a damaged one may take for ever. */
const PATIENCE_MS = 120_000;
/** A row group is decoded whole. */
const DECODER_MEGABYTES = 3072;

/**
 * A Parquet file, read one row group at a time. Throws `files/missing`, `files/unreadable`, `data/empty` and
 * `data/parquet`; `rows()` throws `files/vanished` too. `patience`: milliseconds for one row group.
 */
export async function openParquet(file: string, patience = PATIENCE_MS): Promise<Table> {
  const size = await fileSize(file);
  if (size === 0) throw fault('data/empty', { file });
  const task = { file, size };
  const decoder = new ParquetDecoder(task, patience);
  let head: ParquetHead;
  try {
    head = await decoder.head();
  } finally {
    await decoder.close();
  }

  async function* rows(): AsyncGenerator<TableRow> {
    const decoder = new ParquetDecoder(task, patience);
    let row = 0;
    try {
      await decoder.head();
      for await (const values of decoder.rows()) yield { row: ++row, values };
    } finally {
      await decoder.close();
    }
  }
  const { columns, count, classNames } = head;
  return {
    file,
    format: 'parquet',
    columns,
    header: true,
    encoding: 'utf-8',
    notes: [],
    count,
    classNames,
    rows,
  };
}

/** The thread that decodes a file; its answers as values or faults. */
class ParquetDecoder {
  readonly #task: ParquetTask;
  readonly #patience: number;
  readonly #worker: Worker;
  #failure: unknown = null;

  constructor(task: ParquetTask, patience: number) {
    this.#task = task;
    this.#patience = patience;
    this.#worker = new Worker(new URL(`./parquet-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: DECODER_MEGABYTES },
    });
    this.#worker.on('error', (error: unknown) => void (this.#failure = error));
  }

  async head(): Promise<ParquetHead> {
    const reply = await this.#ask();
    return reply.kind === 'head' ? reply : { columns: [], count: 0, classNames: {} };
  }

  async *rows(): AsyncGenerator<Record<string, unknown>> {
    for (;;) {
      const reply = await this.#ask();
      if (reply.kind !== 'rows') return;
      yield* reply.rows;
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  async #ask(): Promise<ParquetReply> {
    const { file } = this.#task;
    let reply: ParquetReply;
    // A reader that is left in the middle must not keep the process: the thread holds it only while it is asked.
    this.#worker.ref();
    try {
      if (this.#failure !== null) throw this.#failure as Error;
      const answer = once(this.#worker, 'message', { signal: AbortSignal.timeout(this.#patience) });
      this.#worker.postMessage('next');
      [reply] = (await answer) as [ParquetReply];
    } catch (error) {
      throw fault('data/parquet', { file: basename(file), reason: this.#reasonOf(error) }, error);
    } finally {
      this.#worker.unref();
    }
    if (reply.kind === 'vanished') throw fault('files/vanished', { file });
    if (reply.kind === 'unreadable') throw fault('files/unreadable', { file, reason: reply.code });
    if (reply.kind === 'damaged') throw fault('data/parquet', { file: basename(file), reason: reply.reason });
    return reply;
  }

  #reasonOf(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    if (error.name === 'AbortError') return `a part of it is not decoded after ${this.#patience / 1000} s`;
    if ('code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
      return `decoding it takes more than ${DECODER_MEGABYTES} MB`;
    }
    return error.message;
  }
}
