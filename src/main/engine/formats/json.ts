import type { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { openByteSource } from './byte-source.ts';
import { refuseImpostor } from './impostor.ts';

/** Configuration files are a few kilobytes, an index of shards a few hundred. */
const largestFile = 16 * 2 ** 20;

/** Why a text is not taken; the caller knows which file it came from. */
export class JsonError extends Error {}

/**
 * `JSON.parse` for files from anywhere: a text nested deeper than `maxDepth` is refused before anything is
 * built from it, and a key that stands twice in one object if `unique`. Throws `JsonError`.
 */
export function parseJson(text: string, options: { maxDepth: number; unique?: boolean }): unknown {
  checkStructure(text, options.maxDepth, options.unique ?? false);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new JsonError(error instanceof Error ? error.message : String(error));
  }
}

/** Walks over strings and brackets alone; whether the rest is JSON is for the parser to say. */
function checkStructure(text: string, maxDepth: number, unique: boolean): void {
  const keys: (Set<string> | null)[] = [];
  let last = '';
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      const end = stringEnd(text, at);
      if (unique) last = text.slice(at, end + 1);
      at = end;
    } else if (char === ':' && unique) {
      const seen = keys.at(-1);
      if (seen?.has(last)) throw new JsonError(`the key ${last} stands there twice`);
      seen?.add(last);
    } else if (char === '{' || char === '[') {
      if (keys.length === maxDepth) throw new JsonError(`it is nested more than ${maxDepth} levels deep`);
      keys.push(char === '{' ? new Set() : null);
    } else if (char === '}' || char === ']') {
      keys.pop();
    }
  }
}

/** The place of the quotation mark that ends the string which begins at `start`. */
function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at;
  }
  return text.length;
}

/** A JSON file of at most 16 MB. Throws `files/…`, `formats/json` or what `refuseImpostor` throws. */
export async function readJsonFile(file: string): Promise<unknown> {
  const source = await openByteSource(file);
  try {
    await refuseImpostor(source);
    if (source.size > largestFile) throw new JsonError(`it is larger than ${largestFile / 2 ** 20} MB`);
    return parseJson(decodeUtf8(await source.read(0, source.size)), { maxDepth: 64 });
  } catch (error) {
    if (error instanceof JsonError) throw fault('formats/json', { file, reason: error.message }, error);
    throw error;
  } finally {
    await source.close();
  }
}

/** Strict UTF-8, a byte order mark left out. Throws `JsonError`. */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new JsonError('it is not UTF-8 text');
  }
}

/** Checks `value` against `schema`; throws `formats/field` with the file and the path of the first wrong key. */
export function checkFields<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  file: string,
): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const key = issue?.path.map(String).join('.') ?? '';
  const text = (issue?.message ?? 'it is not as expected').replace(/^Invalid input: /, '');
  const reason = text.charAt(0).toLowerCase() + text.slice(1);
  throw fault('formats/field', { file, key: key === '' ? 'the whole text' : key, reason }, result.error);
}
