import { basename } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { endText, runTask, taskModule, Threads, type ThreadEnd } from '../threads/threads.ts';
import { decoderMegabytes } from './parquet-budget.ts';
import { checkColumns } from './header.ts';
import type { tasks } from './parquet-worker.ts';
import type { Table, TableRow } from './table-types.ts';
import { fileSize } from './text-source.ts';

const decoding = taskModule<typeof tasks>(import.meta.url, './parquet-worker');

/** Far more than a slow machine takes to decode so much; what is damaged may take for ever. */
const PATIENCE_MS = 8000;
const PATIENCE_MS_A_MEGABYTE = 100;

/**
 * A Parquet file, read one row group at a time. Throws `files/missing`, `files/unreadable`, `data/empty` and
 * `data/parquet`; `rows()` throws `files/vanished` too. `patience`: milliseconds for a reply, beside those that a row group's size asks for.
 */
export async function openParquet(file: string, patience = PATIENCE_MS): Promise<Table> {
  const size = await fileSize(file);
  if (size === 0) throw fault('data/empty', { file });
  const task = { file, size };
  const most = decoderMegabytes(size);
  /** Megabytes that what is asked for takes to decode. */
  const late = (megabytes: number): number => patience + megabytes * PATIENCE_MS_A_MEGABYTE;
  let deadlineMs = late(size / 2 ** 20);
  const ended = (end: ThreadEnd): Error => {
    const name = basename(file);
    if (end.kind === 'memory')
      return fault('data/parquet-memory', { file: name, reason: `decoding it takes over ${most} MB` });
    const seconds = Number((deadlineMs / 1000).toFixed(3));
    const reason = end.kind === 'late' ? `a part of it is not decoded after ${seconds} s` : endText(end);
    return fault('data/parquet', { file: name, reason });
  };
  const options = { limits: { maxOldGenerationSizeMb: most }, mostMegabytes: most, ended };

  async function* rows(): AsyncGenerator<TableRow> {
    const decoder = new Threads(decoding, options);
    let row = 0;
    try {
      await decoder.ask('head', task, { deadlineMs: (deadlineMs = late(size / 2 ** 20)) });
      for (let part; (part = await decoder.ask('next', task, { deadlineMs })) !== null;) {
        if ('megabytes' in part) deadlineMs = late(part.megabytes);
        else for (const values of part.rows) yield { row: ++row, values };
      }
    } finally {
      await decoder.close();
    }
  }
  const head = await runTask(decoding, 'head', task, { ...options, deadlineMs });
  checkColumns(file, head.columns);
  return { file, format: 'parquet', header: true, encoding: 'utf-8', notes: [], ...head, rows };
}
