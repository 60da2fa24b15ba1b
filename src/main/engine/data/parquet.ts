import { once } from 'node:events';
import { basename, extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { decoderMegabytes } from './parquet-budget.ts';
import { codeOf } from '../formats/file-faults.ts';
import { checkColumns } from './header.ts';
import type { ParquetHead, ParquetReply, ParquetTask } from './parquet-worker.ts';
import type { Table, TableRow } from './table-types.ts';
import { fileSize } from './text-source.ts';

/** Far more than a slow machine takes to decode so much; what is damaged may take for ever. */
const PATIENCE_MS = 8000;
const PATIENCE_MS_A_MEGABYTE = 100;
/** So often it is looked at what a decoder holds: buffers are not under the limit of its heap. */
const LOOK_MS = 50;

/**
 * A Parquet file, read one row group at a time. Throws `files/missing`, `files/unreadable`, `data/empty` and
 * `data/parquet`; `rows()` throws `files/vanished` too. `patience`: milliseconds for a reply, beside those that a row group's size asks for.
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
  checkColumns(file, columns);
  return {
    ...{ file, format: 'parquet', columns, header: true, encoding: 'utf-8', notes: [], count, classNames },
    rows,
  };
}

/** The thread that decodes a file; its answers as values or faults. */
class ParquetDecoder {
  readonly #task: ParquetTask;
  readonly #patience: number;
  /** Megabytes that what is asked for takes to decode. */
  #work: number;
  readonly #worker: Worker;
  #failure: unknown = null;

  constructor(task: ParquetTask, patience: number) {
    this.#task = task;
    this.#patience = patience;
    this.#work = task.size / 2 ** 20;
    this.#worker = new Worker(new URL(`./parquet-worker${extname(import.meta.url)}`, import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: decoderMegabytes(task.size) },
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
      if (reply.kind === 'group') this.#work = reply.megabytes;
      else if (reply.kind === 'rows') yield* reply.rows;
      else return;
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  get #milliseconds(): number {
    return this.#patience + this.#work * PATIENCE_MS_A_MEGABYTE;
  }

  async #ask(): Promise<Exclude<ParquetReply, { kind: 'fault' }>> {
    // A reader that is left in the middle must not keep the process: the thread holds it only while it is asked.
    this.#worker.ref();
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort('late'), this.#milliseconds);
    const look = setInterval(
      () => void this.#holdsTooMuch().then((much) => much && stop.abort('memory')),
      LOOK_MS,
    );
    try {
      if (this.#failure !== null) throw this.#failure as Error;
      const answer = once(this.#worker, 'message', { signal: stop.signal });
      this.#worker.postMessage('next');
      const [reply] = (await answer) as [ParquetReply];
      if (reply.kind === 'fault') throw new Fault(reply.fault.code, reply.fault);
      return reply;
    } catch (error) {
      throw this.#faultOf(error, stop.signal.reason === 'memory');
    } finally {
      clearTimeout(late);
      clearInterval(look);
      this.#worker.unref();
    }
  }

  async #holdsTooMuch(): Promise<boolean> {
    try {
      const held = await this.#worker.getHeapStatistics();
      return held.used_heap_size + held.external_memory > decoderMegabytes(this.#task.size) * 2 ** 20;
    } catch {
      // It has ended; what it answered last, or its error, says how.
      return false;
    }
  }

  #faultOf(error: unknown, memory: boolean): Error {
    if (error instanceof Fault) return error;
    const file = basename(this.#task.file);
    if (memory || codeOf(error) === 'ERR_WORKER_OUT_OF_MEMORY') {
      const reason = `decoding it takes over ${decoderMegabytes(this.#task.size)} MB`;
      return fault('data/parquet-memory', { file, reason }, error);
    }
    const late = error instanceof Error && error.name === 'AbortError';
    const seconds = Number((this.#milliseconds / 1000).toFixed(3));
    const message = error instanceof Error ? error.message : String(error);
    const reason = late ? `a part of it is not decoded after ${seconds} s` : message;
    return fault('data/parquet', { file, reason }, error);
  }
}
