import { fault } from '../../../shared/faults/index.ts';

export interface DetectedEncoding {
  /** A name of the WHATWG Encoding Standard. */
  encoding: string;
  /** What a person should know, to be put after the name of the file. */
  note: string | null;
}

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
 * else Windows-1252 (of which Latin-1 is a part). UTF-8 with a few damaged bytes stays UTF-8, to be refused later.
 */
export function detectEncoding(sample: Uint8Array): DetectedEncoding {
  if (sample[0] === 0xef && sample[1] === 0xbb && sample[2] === 0xbf) {
    return { encoding: 'utf-8', note: 'starts with a UTF-8 byte order mark, which is left out' };
  }
  if (sample[0] === 0xff && sample[1] === 0xfe) {
    return { encoding: 'utf-16le', note: 'is read as UTF-16 (little-endian)' };
  }
  if (sample[0] === 0xfe && sample[1] === 0xff) {
    return { encoding: 'utf-16be', note: 'is read as UTF-16 (big-endian)' };
  }
  const nul = [0, 0];
  for (let i = 0; i < sample.length; i++) if (sample[i] === 0) nul[i % 2]!++;
  // Line ends and Latin letters of UTF-16 have a NUL in the same half; 8-bit text has none.
  if (nul[1]! > 0.15 * sample.length && nul[0]! < 0.01 * sample.length) {
    return { encoding: 'utf-16le', note: 'is read as UTF-16 (little-endian), without a byte order mark' };
  }
  if (nul[0]! > 0.15 * sample.length && nul[1]! < 0.01 * sample.length) {
    return { encoding: 'utf-16be', note: 'is read as UTF-16 (big-endian), without a byte order mark' };
  }
  const { sequences, invalid } = countUtf8(sample);
  if (invalid > sequences) {
    return { encoding: 'windows-1252', note: 'is read as Windows-1252 (Latin-1): it is not valid UTF-8' };
  }
  return { encoding: 'utf-8', note: null };
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
    const length =
      lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
    let end = i + 1;
    while (end < i + length && end < bytes.length && (bytes[end]! & 0xc0) === 0x80) end++;
    if (length > 0 && end === i + length) sequences++;
    else if (end < bytes.length || length === 0) invalid++;
    i = end;
  }
  return { sequences, invalid };
}
