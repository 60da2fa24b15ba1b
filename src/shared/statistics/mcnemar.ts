import { logFactorial } from '../random/multinomial.ts';

/**
 * McNemar's exact test (1947): whether two classifiers err equally often on the same rows.
 * @param onlyA rows that only the first one has right; `onlyB`: only the second one.
 * @returns the two-sided p-value of the binomial test with p = 1/2.
 */
export function mcnemar(onlyA: number, onlyB: number): number {
  const n = onlyA + onlyB;
  const fewer = Math.min(onlyA, onlyB);
  if (onlyA === onlyB) return 1;
  let tail = 0;
  for (let k = 0; k <= fewer; k++) {
    tail += Math.exp(logFactorial(n) - logFactorial(k) - logFactorial(n - k) - n * Math.LN2);
  }
  return Math.min(1, 2 * tail);
}
