import { isUtf8 } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { codeOf, readFault } from '../formats/file-faults.ts';
import { canonicalEncoding, detectEncoding, type DetectedEncoding } from './encoding.ts';
import type { Table, TableOptions } from './table-types.ts';

/** So much of a file is looked at before it is read: enough for a Latin-1 text with one accent a page. */
const SAMPLE_BYTES = 2 ** 23;
const CHUNK_BYTES = 2 ** 17;

/** A text file whose encoding is known. */
export interface TextSource {
  file: string;
  /** Bytes when it was opened: one that ends sooner has been cut meanwhile. */
  size: number;
  encoding: string;
  /** The beginning of the text, with damaged bytes replaced; `sampleIsComplete` when there is no more. */
  sample: string;
  sampleIsComplete: boolean;
  notes: string[];
}

/**
 * Looks at the beginning of a text file. Throws `files/missing`, `files/unreadable`, `data/empty` and
 * `data/encoding-unknown`.
 */
export async function openText(
  file: string,
  { encoding, doubtfulEncoding = 'refuse' }: TableOptions,
): Promise<TextSource> {
  const size = await fileSize(file);
  if (size === 0) throw fault('data/empty', { file });
  const bytes = await readStart(file, Math.min(size, SAMPLE_BYTES));
  const detected: DetectedEncoding =
    encoding === undefined ? detectEncoding(bytes) : { encoding: canonicalEncoding(encoding), note: null };
  const name = basename(file);
  if (detected.doubt && doubtfulEncoding === 'refuse') {
    throw fault('data/encoding-doubtful', { file: name, readings: detected.doubt });
  }
  const sample = new TextDecoder(detected.encoding).decode(bytes);
  const notes = [
    ...(detected.note === null ? [] : [`${name} ${detected.note}.`]),
    ...damageNotes(name, sample),
  ];
  return { file, size, encoding: detected.encoding, sample, sampleIsComplete: bytes.length === size, notes };
}

/** A table that is read from a text. */
export const textTable = (
  { file, encoding, notes }: TextSource,
  table: Omit<Table, 'file' | 'encoding' | 'notes' | 'header'> & { header?: boolean },
): Table => ({ header: true, ...table, file, encoding, notes });

/** What shows that a text was damaged before: characters that were lost, UTF-8 that was read as Windows-1252. */
function damageNotes(name: string, sample: string): string[] {
  const lost = sample.indexOf('\ufffd');
  const twice = sample.search(/Ã[\u00a0-\u00bf]|â€[\u2122œ™˜“”]|Â[\u00a0-\u00bf]/);
  const line = (at: number) => (1 + countLineEnds(sample.slice(0, at))).toLocaleString('en-US');
  const found: [at: number, what: string][] = [
    [lost, 'holds characters that were lost (\ufffd)'],
    [twice, 'looks like UTF-8 that was read as Windows-1252 and saved again'],
  ];
  return found.filter(([at]) => at !== -1).map(([at, what]) => `${name} ${what}, first in line ${line(at)}.`);
}

/** The size in bytes of a plain file. Throws `files/missing` and `files/unreadable`. */
export async function fileSize(file: string): Promise<number> {
  try {
    const stats = await stat(file);
    if (stats.isFile()) return stats.size;
  } catch (error) {
    throw readFault(file, error);
  }
  throw fault('files/unreadable', { file, reason: 'it is no plain file' });
}

/** The first bytes of a file, fewer where it has no more. Throws `files/vanished` and `files/unreadable`. */
export async function readStart(file: string, length: number): Promise<Buffer> {
  try {
    const handle = await open(file);
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(length), 0, length, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw readingFault(file, error);
  }
}

/** The fault for an error of the file system met while a file that was there is read. */
function readingFault(file: string, error: unknown): unknown {
  return codeOf(error) === 'ENOENT' ? fault('files/vanished', { file }, error) : readFault(file, error);
}

/**
 * The text of a source, chunk by chunk, without its byte order mark. Throws `data/encoding`, `data/nul`,
 * `files/vanished` and `files/unreadable`.
 */
export async function* readText(source: TextSource): AsyncGenerator<string> {
  const file = basename(source.file);
  const decoder = new TextDecoder(source.encoding, { fatal: true });
  const encoding = source.encoding.toUpperCase();
  let line = 1;
  for await (const bytes of readBytes(source)) {
    let text: string;
    try {
      text = decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw fault(
        'data/encoding',
        { file, line: line + linesBeforeDamage(bytes, encoding), encoding },
        error,
      );
    }
    const nul = text.indexOf('\0');
    if (nul !== -1) throw fault('data/nul', { file, line: line + countLineEnds(text.slice(0, nul)) });
    line += countLineEnds(text);
    yield text;
  }
  try {
    decoder.decode();
  } catch (error) {
    throw fault('data/encoding', { file, line, encoding }, error);
  }
}

async function* readBytes({ file, size }: TextSource): AsyncGenerator<Buffer> {
  const stream: AsyncIterable<Buffer> = createReadStream(file, { highWaterMark: CHUNK_BYTES });
  let read = 0;
  try {
    for await (const chunk of stream) {
      read += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw readingFault(file, error);
  }
  if (read < size) throw fault('files/vanished', { file });
}

const MAX_LINE_CHARACTERS = 2 ** 26;

/**
 * The lines of a text that comes in chunks, without their line ends (\n or \r\n), counted from 1. What follows the last
 * line end is a line when it is not empty. Throws `data/line-too-long`; `file` names the file in it.
 */
export async function* splitLines(
  chunks: AsyncIterable<string>,
  file: string,
): AsyncGenerator<{ line: number; text: string }> {
  let line = 1;
  // Parts of a line are joined once, at its end: a long line costs its length, not its square.
  let parts: string[] = [];
  let waiting = 0;
  const finish = (last: string): string => {
    const text = parts.length === 0 ? last : parts.join('') + last;
    parts = [];
    waiting = 0;
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  };
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end !== -1; end = chunk.indexOf('\n', start)) {
      yield { line: line++, text: finish(chunk.slice(start, end)) };
      start = end + 1;
    }
    if (start === chunk.length) continue;
    parts.push(chunk.slice(start));
    waiting += chunk.length - start;
    if (waiting > MAX_LINE_CHARACTERS) {
      throw fault('data/line-too-long', { file, line, megabytes: MAX_LINE_CHARACTERS / 2 ** 20 });
    }
  }
  if (parts.length > 0) yield { line, text: finish('') };
}

/** How many line ends a text has. */
export function countLineEnds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}

/** How many line ends stand before the first bytes of a chunk that are not of the encoding. */
function linesBeforeDamage(chunk: Buffer, encoding: string): number {
  if (encoding !== 'UTF-8') {
    const text = new TextDecoder(encoding).decode(chunk);
    return countLineEnds(text.slice(0, Math.max(0, text.indexOf('\ufffd'))));
  }
  // A character that began in the chunk before may end here.
  let start = 0;
  while (start < 3 && (chunk[start]! & 0xc0) === 0x80) start++;
  for (let line = 0; ; line++) {
    const end = chunk.indexOf(10, start);
    if (end === -1 || !isUtf8(chunk.subarray(start, end))) return line;
    start = end + 1;
  }
}
