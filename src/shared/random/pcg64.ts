const LIMBS = 8;

/** 0x2360ed051fc65da44385df649fccf645, the multiplier of PCG64, in 16-bit limbs, the least significant first. */
const MULTIPLIER = [0xf645, 0x9fcc, 0xdf64, 0x4385, 0x5da4, 0x1fc6, 0xed05, 0x2360] as const;

/**
 * numpy's `default_rng(seed)`: PCG64 (XSL-RR 128/64) seeded through SeedSequence. `random`, `uniform`, `integers`
 * and `permutation` give numpy's values bit for bit; `standardNormal` does not (see there).
 * Source: O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms" (2014).
 */
export class Pcg64 {
  // 16-bit limbs in doubles: a column of eight products stays below 2^36, so 128-bit arithmetic needs no BigInt.
  readonly #state = new Float64Array(LIMBS);
  readonly #increment = new Float64Array(LIMBS);
  #low = 0;
  #high = 0;
  /** numpy hands out a 64-bit draw as two 32-bit ones, the low half first; the other half waits here. */
  #waitingHalf: number | null = null;
  #waitingNormal: number | null = null;

  /** `seed`: a non-negative integer below 2^53, or several (`[seed, epoch]`). Throws RangeError otherwise. */
  constructor(seed: number | readonly number[]) {
    // numpy reads four uint64 values: state high, state low, sequence high, sequence low.
    const words = seedState(seed, 8);
    const limbsOf = (high: number): number[] =>
      [high + 2, high + 3, high, high + 1].flatMap((i) => [words[i]! & 0xffff, words[i]! >>> 16]);
    const sequence = limbsOf(4);
    for (let i = 0; i < LIMBS; i++) {
      this.#increment[i] = ((sequence[i]! << 1) & 0xffff) | (i === 0 ? 1 : sequence[i - 1]! >>> 15);
    }
    this.#step();
    let carry = 0;
    for (const [i, limb] of limbsOf(0).entries()) {
      const sum = this.#state[i]! + limb + carry;
      this.#state[i] = sum & 0xffff;
      carry = sum >>> 16;
    }
    this.#step();
  }

  /** state = state * multiplier + increment, modulo 2^128. */
  #step(): void {
    const state = this.#state;
    let carry = 0;
    for (let column = LIMBS - 1; column >= 0; column--) {
      // From the top column down, so that the limbs below, which the product still needs, are the old ones.
      let sum = this.#increment[column]!;
      for (let i = 0; i <= column; i++) sum += state[i]! * MULTIPLIER[column - i]!;
      state[column] = sum;
    }
    for (let i = 0; i < LIMBS; i++) {
      const sum = state[i]! + carry;
      carry = Math.floor(sum / 65536);
      state[i] = sum - carry * 65536;
    }
  }

  /** Steps, then leaves the 64-bit output in `#low` and `#high`: (state.high ^ state.low) rotated right. */
  #next64(): void {
    this.#step();
    const s = this.#state;
    let low = (s[0]! ^ s[4]!) | ((s[1]! ^ s[5]!) << 16);
    let high = (s[2]! ^ s[6]!) | ((s[3]! ^ s[7]!) << 16);
    const rotation = s[7]! >>> 10;
    if (rotation >= 32) [low, high] = [high, low];
    const shift = rotation & 31;
    if (shift > 0) {
      [low, high] = [(low >>> shift) | (high << (32 - shift)), (high >>> shift) | (low << (32 - shift))];
    }
    this.#low = low >>> 0;
    this.#high = high >>> 0;
  }

  #next32(): number {
    const waiting = this.#waitingHalf;
    if (waiting !== null) {
      this.#waitingHalf = null;
      return waiting;
    }
    this.#next64();
    this.#waitingHalf = this.#high;
    return this.#low;
  }

  /** A double in [0, 1) with 53 random bits. */
  random(): number {
    this.#next64();
    return (this.#high * 2 ** 21 + (this.#low >>> 11)) / 2 ** 53;
  }

  /** A double in [low, high). */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /**
   * A draw from N(0, 1) by the Box-Muller transform (1958), two at a time. The distribution is numpy's, the
   * values are not: numpy uses a ziggurat.
   */
  standardNormal(): number {
    if (this.#waitingNormal !== null) {
      const value = this.#waitingNormal;
      this.#waitingNormal = null;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.random()));
    const angle = 2 * Math.PI * this.random();
    this.#waitingNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** An integer in [0, bound), 1 <= bound <= 2^31, without bias (Lemire 2019); numpy's `integers(bound)`. */
  integers(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 31) {
      throw new RangeError(`the bound must be an integer from 1 to 2^31, not ${bound}`);
    }
    if (bound === 1) return 0;
    for (;;) {
      const draw = this.#next32();
      const leftover = Math.imul(draw, bound) >>> 0;
      if (leftover >= bound || leftover >= (2 ** 32 - bound) % bound) {
        // The product has up to 63 bits: its upper half comes from two products of at most 47 bits.
        const lowProduct = (draw & 0xffff) * bound;
        return Math.floor(((draw >>> 16) * bound + Math.floor(lowProduct / 65536)) / 65536);
      }
    }
  }

  /** An integer in [0, max] by masked rejection, which is what numpy shuffles with (`random_interval`). */
  #interval(max: number): number {
    const mask = 2 ** (32 - Math.clz32(max)) - 1;
    for (;;) {
      const value = (this.#next32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** `permutation(n)`: the numbers 0 to n-1 in random order; what `datasets.Dataset.shuffle(seed)` applies. */
  permutation(n: number): Int32Array {
    const order = new Int32Array(n);
    for (let i = 0; i < n; i++) order[i] = i;
    for (let i = n - 1; i > 0; i--) {
      const j = this.#interval(i);
      const moved = order[j]!;
      order[j] = order[i]!;
      order[i] = moved;
    }
    return order;
  }
}

const POOL_SIZE = 4;

/**
 * numpy's `SeedSequence(entropy).generate_state(wordCount, uint32)`: spreads a seed over the state of a generator.
 * `entropy` is one non-negative safe integer or several (`[seed, epoch]`), as numpy takes them.
 * Source: numpy/random/bit_generator.pyx, after O'Neill's seed_seq_fe.
 */
function seedState(entropy: number | readonly number[], wordCount: number): Uint32Array {
  const words = (typeof entropy === 'number' ? [entropy] : entropy).flatMap(toWords);
  const pool = mixEntropy(words);
  const state = new Uint32Array(wordCount);
  let hash = 0x8b51f9dd;
  for (let i = 0; i < wordCount; i++) {
    let value = pool[i % POOL_SIZE]! ^ hash;
    hash = Math.imul(hash, 0x58f38ded);
    value = Math.imul(value, hash);
    state[i] = value ^ (value >>> 16);
  }
  return state;
}

/** The 32-bit words of an integer, the least significant first; 0 is one word. */
function toWords(value: number): number[] {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`a seed must be a non-negative integer below 2^53, not ${value}`);
  }
  const high = Math.floor(value / 2 ** 32);
  return high === 0 ? [value] : [value >>> 0, high];
}

function mixEntropy(words: readonly number[]): Uint32Array {
  const pool = new Uint32Array(POOL_SIZE);
  let hash = 0x43b0d7e5;
  const hashMix = (input: number): number => {
    let value = input ^ hash;
    hash = Math.imul(hash, 0x931e8875);
    value = Math.imul(value, hash);
    return value ^ (value >>> 16);
  };
  const mixInto = (target: number, value: number): void => {
    const mixed = Math.imul(0xca01f9dd, pool[target]!) - Math.imul(0x4973f715, value);
    pool[target] = mixed ^ ((mixed >>> 0) >>> 16);
  };
  for (let i = 0; i < POOL_SIZE; i++) pool[i] = hashMix(words[i] ?? 0);
  for (let source = 0; source < POOL_SIZE; source++) {
    for (let target = 0; target < POOL_SIZE; target++) {
      if (source !== target) mixInto(target, hashMix(pool[source]!));
    }
  }
  for (const word of words.slice(POOL_SIZE)) {
    for (let target = 0; target < POOL_SIZE; target++) mixInto(target, hashMix(word));
  }
  return pool;
}
