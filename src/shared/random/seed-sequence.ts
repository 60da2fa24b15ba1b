const POOL_SIZE = 4;

/**
 * numpy's `SeedSequence(entropy).generate_state(wordCount, uint32)`: spreads a seed over the state of a generator.
 * `entropy` is one non-negative safe integer or several (`[seed, epoch]`), as numpy takes them.
 * Source: numpy/random/bit_generator.pyx, after O'Neill's seed_seq_fe.
 */
export function seedState(entropy: number | readonly number[], wordCount: number): Uint32Array {
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
