const KEYS = 9;

/**
 * The key of each label, in their order: its own digit where labels are told apart by one ("4", "2 stars", "LABEL_0"),
 * else its place from 1. Empty where there are more labels than keys.
 */
export function labelKeys(labels: readonly string[]): ReadonlyMap<string, string> {
  const digits = labels.map(onlyDigit);
  const own = digits.every((digit) => digit !== null) && new Set(digits).size === labels.length;
  if (own) return new Map(labels.map((label, at) => [label, digits[at]!]));
  return new Map(labels.length <= KEYS ? labels.map((label, at) => [label, String(at + 1)]) : []);
}

/** The digit that a label's only number is; null where it has none, several or a longer one. */
function onlyDigit(label: string): string | null {
  const numbers = label.match(/-?\d+(\.\d+)?/g) ?? [];
  const value = numbers.length === 1 ? Number(numbers[0]) : -1;
  return Number.isInteger(value) && value >= 0 && value <= 9 ? String(value) : null;
}
