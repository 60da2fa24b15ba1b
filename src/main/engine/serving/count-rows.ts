import { createReadStream } from 'node:fs';
import { openTable } from '../data/table.ts';

const QUOTE = 0x22;
const LINE_END = 0x0a;

/** About how many rows a table file has: its lines, without those inside quotes. 0: not known. Throws `data/…`, `files/…`. */
export async function countRows(file: string): Promise<number> {
  const { count, format, header, encoding } = await openTable(file);
  if (count !== undefined) return count;
  if (encoding.startsWith('utf-16')) return 0;
  const quotes = format === 'csv';
  let lines = 0;
  let inside = false;
  let last = LINE_END;
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    for (const byte of chunk) {
      if (byte === LINE_END && !inside) lines++;
      else if (quotes && byte === QUOTE) inside = !inside;
    }
    last = chunk.at(-1) ?? last;
  }
  const rows = lines + (last === LINE_END ? 0 : 1);
  return format === 'csv' || format === 'tsv' ? rows - Number(header) : rows;
}
