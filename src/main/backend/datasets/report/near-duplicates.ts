/*
 * Texts that are nearly the same: MinHash over word pairs with locality-sensitive hashing (Broder 1997; Leskovec,
 * Rajaraman, Ullman, "Mining of Massive Datasets", ch. 3), each candidate checked by its exact Jaccard similarity.
 */

/** Of the different word pairs of two texts, the share that both have. */
export const NEAR = 0.8;
const BANDS = 8;
const ROWS_A_BAND = 4;
const HASHES = BANDS * ROWS_A_BAND;
/** Texts whose pairs stay in memory; others are read again when they are candidates. */
const KEPT_TEXTS = 20_000;

const MULTIPLIERS = Uint32Array.from({ length: HASHES }, (_, i) => Math.imul(i + 1, 0x9e3779b1) | 1);
const OFFSETS = Uint32Array.from({ length: HASHES }, (_, i) => Math.imul(i + 1, 0x85ebca77));

/**
 * Hashes of the different pairs of neighbouring words, sorted; of a single word, its own. A sign of a script that is
 * written without spaces counts as a word.
 */
export function wordPairs(text: string): Uint32Array {
  const pairs: number[] = [];
  let word = 0;
  let last = 0;
  let words = 0;
  const end = () => {
    if (word === 0) return;
    if (words++ > 0) pairs.push((Math.imul(last, 0x01000193) ^ word) >>> 0);
    last = word;
    word = 0;
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    const kind = kindOf(code);
    if (kind === 'letter') word = Math.imul((word || 0x811c9dc5) ^ lowered(code), 0x01000193) >>> 0 || 1;
    else {
      end();
      if (kind === 'word') {
        word = Math.imul(0x811c9dc5 ^ code, 0x01000193) >>> 0;
        end();
      }
    }
  }
  end();
  if (words === 1) pairs.push(last);
  const sorted = Uint32Array.from(pairs).sort();
  let different = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[different++] = sorted[i]!;
  }
  return sorted.subarray(0, different);
}

function kindOf(code: number): 'letter' | 'word' | 'other' {
  if (code < 128) {
    const isLetter = (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57);
    return isLetter ? 'letter' : 'other';
  }
  if (code < 0xc0 || (code >= 0x2000 && code <= 0x206f)) return 'other';
  return code >= 0x2e80 ? 'word' : 'letter';
}

const lowered = (code: number) => (code >= 65 && code <= 90 ? code + 32 : code);

/** The share of pairs that two texts have in common. */
export function jaccard(a: Uint32Array, b: Uint32Array): number {
  let [i, j, common] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      common++;
      i++;
      j++;
    } else if (a[i]! < b[j]!) i++;
    else j++;
  }
  const all = a.length + b.length - common;
  return all === 0 ? 0 : common / all;
}

/** Finds for each text an earlier one that is nearly the same. */
export class NearDuplicates {
  looked = 0;
  /** By the first row: the rows that are nearly the same as it, itself first. */
  private readonly groups = new Map<number, number[]>();
  /** A row by the hash of a band; a slot that is taken stays so. The exact check makes collisions harmless. */
  private readonly slots: Int32Array;
  private readonly signature = new Uint32Array(HASHES);
  private readonly kept = new Map<number, Uint32Array>();
  private readonly readText: (row: number) => string;

  constructor(texts: number, readText: (row: number) => string) {
    this.slots = new Int32Array(2 ** Math.ceil(Math.log2(Math.max(16, texts * BANDS * 2))));
    this.readText = readText;
  }

  add(row: number, text: string): void {
    const pairs = wordPairs(text);
    this.looked++;
    if (pairs.length === 0) return;
    const places = this.bands(pairs);
    const seen = new Set<number>();
    for (const place of places) {
      const candidate = this.slots[place]!;
      if (candidate === 0 || seen.has(candidate)) continue;
      seen.add(candidate);
      if (jaccard(pairs, this.pairsOf(candidate)) < NEAR) continue;
      const group = this.groups.get(candidate);
      if (group) group.push(row);
      else this.groups.set(candidate, [candidate, row]);
      return;
    }
    for (const place of places) if (this.slots[place] === 0) this.slots[place] = row;
    if (this.kept.size < KEPT_TEXTS) this.kept.set(row, pairs);
  }

  found(): number[][] {
    return [...this.groups.values()];
  }

  private pairsOf(row: number): Uint32Array {
    return this.kept.get(row) ?? wordPairs(this.readText(row));
  }

  private bands(pairs: Uint32Array): number[] {
    const { signature, slots } = this;
    signature.fill(0xffffffff);
    for (const pair of pairs) {
      for (let i = 0; i < HASHES; i++) {
        let mixed = Math.imul(pair ^ OFFSETS[i]!, MULTIPLIERS[i]!);
        mixed = (mixed ^ (mixed >>> 15)) >>> 0;
        if (mixed < signature[i]!) signature[i] = mixed;
      }
    }
    return Array.from({ length: BANDS }, (_, band) => {
      let key = band + 1;
      for (let i = band * ROWS_A_BAND; i < (band + 1) * ROWS_A_BAND; i++) {
        key = Math.imul(key ^ signature[i]!, 0x9e3779b1);
        key ^= key >>> 15;
      }
      return (key >>> 0) & (slots.length - 1);
    });
  }
}
