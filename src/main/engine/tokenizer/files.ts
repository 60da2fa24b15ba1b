import { readFile, stat } from 'node:fs/promises';
import type { z } from 'zod';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { JsonError, parseJson } from '../formats/json.ts';

/** The largest vocabularies have 40 MB; what is larger could fill the memory once it is read. */
const LARGEST = 64 * 2 ** 20;

/** The bytes of a file, or null where it does not exist. Throws `files/unreadable`, `tokenizer/unreadable`. */
export async function readFileBytes(file: string): Promise<Buffer | null> {
  try {
    const { size } = await stat(file);
    const reason = `it has ${size} bytes, and the largest vocabularies have 40 million`;
    if (size > LARGEST) throw fault('tokenizer/unreadable', { file, reason });
    return await readFile(file);
  } catch (error) {
    if (error instanceof Fault) throw error;
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    if (reason === 'ENOENT' || reason === 'ENOTDIR') return null;
    throw fault('files/unreadable', { file, reason }, error);
  }
}

/** The text of a UTF-8 file, or null where it does not exist. Throws as `readFileBytes` does. */
export async function readTextFile(file: string): Promise<string | null> {
  const bytes = await readFileBytes(file);
  if (bytes === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw fault('tokenizer/unreadable', { file, reason: 'it is not UTF-8 text' }, error);
  }
}

/** A JSON file checked against `schema`, or null where it does not exist. Throws as `readTextFile` does. */
export async function readJsonFile<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): Promise<z.output<Schema> | null> {
  const text = await readTextFile(file);
  if (text === null) return null;
  let value: unknown;
  try {
    value = parseJson(text, { maxDepth: 64 });
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    throw fault('tokenizer/unreadable', { file, reason: `it is not JSON: ${error.message}` }, error);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const key = issue.path.join('.');
  const reason = `${key === '' ? 'it' : `"${key}"`}: ${issue.message.replace(/^Invalid input: /, '')}`;
  throw fault('tokenizer/unreadable', { file, reason });
}
