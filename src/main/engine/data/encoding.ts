import { analyse } from 'chardet';
import { fault } from '../../../shared/faults/index.ts';

export interface DetectedEncoding {
  /** A name of the WHATWG Encoding Standard. */
  encoding: string;
  /** What a person should know, to be put after the name of the file. */
  note: string | null;
  /** Where it cannot be told: how a line reads in this encoding and in others, the likeliest first. */
  doubt?: { encoding: string; text: string }[];
}

/** Bytes of lines beyond ASCII that are enough to tell an encoding by. */
const TELLING_BYTES = 2 ** 16;
/** In percent: how sure the likeliest encoding must be, and how far before one that reads otherwise. */
const SURE = 20;
const AHEAD = 5;
const SHOWN_CHARACTERS = 40;
/** Encodings whose texts are mostly ASCII letters. */
const LATIN = /^(windows-125[02478]|iso-8859-2)$/;
/** What short texts in another script may be. */
const OTHERS = ['windows-1251', 'gb18030', 'shift_jis', 'big5', 'euc-kr', 'windows-1253', 'windows-1252'];
const NAMES: Record<string, string> = { 'windows-1252': 'Windows-1252 (Latin-1)' };

const UTF16LE = { bytes: [0xff, 0xfe], encoding: 'utf-16le', note: 'is read as UTF-16 (little-endian)' };
const UTF16BE = { bytes: [0xfe, 0xff], encoding: 'utf-16be', note: 'is read as UTF-16 (big-endian)' };
/** Byte order marks. */
const MARKS = [
  {
    bytes: [0xef, 0xbb, 0xbf],
    encoding: 'utf-8',
    note: 'starts with a UTF-8 byte order mark, which is left out',
  },
  UTF16LE,
  UTF16BE,
];

/** The canonical name of an encoding that a person named. Throws `data/encoding-unknown`. */
export function canonicalEncoding(name: string): string {
  try {
    return new TextDecoder(name).encoding;
  } catch (error) {
    throw fault('data/encoding-unknown', { encoding: name }, error);
  }
}

/**
 * The encoding of a text by its first bytes: a byte order mark, else UTF-16 where every other byte is NUL, else UTF-8,
 * else what its letters make likely. UTF-8 with a few damaged bytes stays UTF-8, to be refused later.
 */
export function detectEncoding(sample: Uint8Array): DetectedEncoding {
  for (const { bytes, encoding, note } of MARKS)
    if (bytes.every((byte, i) => sample[i] === byte)) return { encoding, note };
  const nul = [0, 0];
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) nul[i % 2]!++;
  // Line ends and Latin letters of UTF-16 have a NUL in the same half; 8-bit text has none.
  for (const [half, { encoding, note }] of [UTF16BE, UTF16LE].entries()) {
    if (nul[half]! > 0.15 * sample.length && nul[1 - half]! < 0.01 * sample.length)
      return { encoding, note: `${note}, without a byte order mark` };
  }
  const { sequences, invalid } = countUtf8(sample);
  return invalid > sequences ? detectOther(sample) : { encoding: 'utf-8', note: null };
}

/** The encoding of text that is neither UTF-8 nor UTF-16, by what its lines beyond ASCII read as. */
function detectOther(sample: Uint8Array): DetectedEncoding {
  const bytes = tellingLines(sample);
  const western = readAs('windows-1252', bytes);
  const readings = new Map<string, { encoding: string; text: string; confidence: number }>();
  for (const { name, confidence } of analyse(bytes)) {
    const reading = readAs(name, bytes);
    if (!reading || readings.has(reading.text)) continue;
    // Encodings that read these lines alike are one answer, the most usual one where it is among them.
    const usual = reading.text === western?.text ? western : reading;
    readings.set(reading.text, { ...usual, confidence });
  }
  const [best, next] = [...readings.values()].sort((a, b) => b.confidence - a.confidence);
  // In a Latin script most letters are ASCII: words without any are of another one.
  const misread = best !== undefined && LATIN.test(best.encoding) && !isMostlyAscii(best.text);
  if (best && !misread && best.confidence >= SURE && best.confidence - (next?.confidence ?? 0) >= AHEAD) {
    const name = NAMES[best.encoding] ?? best.encoding;
    return { encoding: best.encoding, note: `is read as ${name}: it is not valid UTF-8` };
  }
  const known = misread ? [] : [...readings.values()].map(({ encoding }) => encoding);
  const doubt = [...new Set([...known, ...OTHERS])].flatMap((encoding) => {
    const reading = readAs(encoding, bytes);
    return reading ? [{ encoding: reading.encoding, text: shown(reading.text) }] : [];
  });
  const encoding = doubt[0]?.encoding ?? 'windows-1252';
  return {
    encoding,
    note: `is not valid UTF-8 and may be ${list(doubt.slice(0, 4))}: choose the encoding`,
    doubt: doubt.slice(0, 4),
  };
}

const list = (readings: readonly { encoding: string; text: string }[]): string =>
  readings.map(({ encoding, text }) => `${encoding} ("${text}")`).join(', ');

/** A text in an encoding, if it can be one: no byte without a character, no control character. */
function readAs(name: string, bytes: Uint8Array): { encoding: string; text: string } | null {
  try {
    const decoder = new TextDecoder(name, { fatal: true });
    const text = decoder.decode(bytes);
    return /[\u0080-\u009f\ue000-\uf8ff]/.test(text) ? null : { encoding: decoder.encoding, text };
  } catch {
    return null;
  }
}

/** Whether the words that have letters beyond ASCII are mostly of ASCII letters. */
function isMostlyAscii(text: string): boolean {
  const words = (text.match(/[\p{L}\p{M}]+/gu) ?? []).filter((word) => /[^\x00-\x7f]/.test(word)).join('');
  const ascii = words.match(/[A-Za-z]/g)?.length ?? 0;
  return ascii >= 0.4 * words.length;
}

function shown(text: string): string {
  const at = Math.max(0, text.search(/[^\x00-\x7f]/) - 10);
  const [first = ''] = text.slice(at, at + SHOWN_CHARACTERS).split('\n');
  return first.trim() || text.slice(at, at + 10).trim();
}

/** The lines that hold bytes beyond ASCII, whole ones, up to `TELLING_BYTES`. */
function tellingLines(sample: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let start = 0; start < sample.length && length < TELLING_BYTES;) {
    const found = sample.indexOf(10, start);
    const end = found === -1 ? sample.length : found + 1;
    const line = sample.subarray(start, Math.min(end, start + TELLING_BYTES));
    // The last line may be cut within a character.
    const isCut = (found === -1 && parts.length > 0) || end > start + TELLING_BYTES;
    if (!isCut && line.some((byte) => byte > 0x7f)) {
      parts.push(line);
      length += line.length;
    }
    start = end;
  }
  return parts.length === 0 ? sample.subarray(0, TELLING_BYTES) : Buffer.concat(parts);
}

/** How many well-formed multi-byte sequences and how many other bytes above 0x7f there are; a cut end counts as none. */
function countUtf8(bytes: Uint8Array): { sequences: number; invalid: number } {
  let sequences = 0;
  let invalid = 0;
  for (let i = 0; i < bytes.length;) {
    const lead = bytes[i]!;
    if (lead < 0x80) {
      i++;
      continue;
    }
    const length = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    let end = i + 1;
    while (end < i + length && end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end++;
    if (length > 0 && end === i + length) sequences++;
    else if (end < bytes.length || length === 0) invalid++;
    i = end;
  }
  return { sequences, invalid };
}
