/** Whether a number can be a seed: 32 bits, as the contract has it. */
export const isSeed = (seed: number | null): boolean =>
  seed !== null && Number.isInteger(seed) && seed >= 0 && seed <= 4294967295;

export const seedRule = 'The seed is a whole number from 0 to 4294967295.';
