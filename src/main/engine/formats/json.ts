import type { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { openByteSource, refuseImpostor } from './byte-source.ts';

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
  const issue = result.error.issues[0]!;
  const key = issue.path.map(String).join('.');
  const reason = reasonOf(issue, issue.path.reduce(inside, value));
  throw fault('formats/field', { file, key: key === '' ? 'the whole text' : key, reason }, result.error);
}

const inside = (value: unknown, key: PropertyKey): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<PropertyKey, unknown>)[key] : undefined;

const kinds: Readonly<Record<string, string>> = {
  ...{ string: 'text', number: 'a number', int: 'a whole number', boolean: 'true or false', array: 'a list' },
  ...{ object: 'an object', record: 'an object', null: 'null' },
};

/** What was found and what is needed, in words. */
function reasonOf(issue: z.core.$ZodIssue, found: unknown): string {
  const wanted = neededBy(issue);
  if (wanted === null) return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  return found === undefined
    ? `it is missing, and ${wanted} is needed`
    : `it is ${shown(found)}, and ${wanted} is needed`;
}

/** null: the message of the schema says it all. */
function neededBy(issue: z.core.$ZodIssue): string | null {
  switch (issue.code) {
    case 'invalid_type':
      return kinds[issue.expected] ?? issue.expected;
    case 'too_small':
      return issue.inclusive === false ? `more than ${issue.minimum}` : `${issue.minimum} or more`;
    case 'too_big':
      return issue.inclusive === false ? `less than ${issue.maximum}` : `${issue.maximum} or less`;
    case 'invalid_value':
      return `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'invalid_union': {
      const all = issue.errors
        .map((errors) => errors[0] && neededBy(errors[0]))
        .filter((wanted) => wanted != null);
      return all.length === 0 ? null : [...new Set(all)].join(' or ');
    }
    case 'invalid_key': {
      const [first] = issue.issues;
      return first ? `as its name ${first.message}` : null;
    }
    default:
      return null;
  }
}

function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
