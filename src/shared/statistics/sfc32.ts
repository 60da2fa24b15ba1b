/**
 * Chris Doty-Humphrey's "small fast counting" generator (PractRand, 2010), 32-bit words. A bootstrap draws millions of
 * numbers, for which Pcg64, made to give numpy's bits, is too slow by far.
 */
export class Sfc32 {
  // A typed array: fields would hold 32-bit integers as objects of their own.
  private readonly state: Int32Array;

  constructor(seed: number) {
    this.state = Int32Array.of(0, Math.floor(seed / 2 ** 32), seed, 1);
    for (let i = 0; i < 15; i++) this.random();
  }

  /** In [0, 1), with 32 random bits. */
  random(): number {
    const state = this.state;
    const b = state[1]!;
    const c = state[2]!;
    const sum = (state[0]! + b + state[3]!) | 0;
    state[0] = b ^ (b >>> 9);
    state[1] = c + (c << 3);
    state[2] = ((c << 21) | (c >>> 11)) + sum;
    state[3]!++;
    return (sum >>> 0) / 2 ** 32;
  }
}
