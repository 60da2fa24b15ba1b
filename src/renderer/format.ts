/** Numbers, times and sizes as people read them, in their own locale (SCREENS: "Speech"). */

let locale: string | undefined;
/** Empty: the system's. An unknown one is ignored. */
export function setLocale(name: string): void {
  try {
    locale = name === '' ? undefined : Intl.getCanonicalLocales(name)[0];
  } catch {
    locale = undefined;
  }
}

const SPACE = '\u00a0';
/** "1.60" with two digits. */
export const fixed = (value: number, digits: number): string =>
  value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });

/** "5,574" */
export const count = (value: number): string => value.toLocaleString(locale, { maximumFractionDigits: 0 });

/** "5,574 rows", "1 row" */
export const counted = (value: number, singular: string, plural = `${singular}s`): string =>
  `${count(value)}${SPACE}${value === 1 ? singular : plural}`;

/** A share of 1 as "59.8 %". */
export const percent = (value: number, digits = 1, unit = `${SPACE}%`): string =>
  `${fixed(value * 100, digits)}${unit}`;

/** A difference of two shares as "+2.1 points"; '' as the unit: "+2.1". */
export function points(difference: number, unit = `${SPACE}points`): string {
  const sign = difference > 0 ? '+' : difference < 0 ? '−' : '';
  return `${sign}${fixed(Math.abs(difference) * 100, 1)}${unit}`;
}

/** Digits that matter: "0.981", "3,940", "5e-5". */
export function decimal(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not a number' : value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e9)) return exponent(value, digits);
  if (size >= 1000) return count(value);
  return value.toLocaleString(locale, { maximumSignificantDigits: digits });
}

function exponent(value: number, digits: number): string {
  const [mantissa = '', power = ''] = value.toExponential(digits - 1).split('e');
  const plain = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa;
  return `${plain}e${power.replace('+', '')}`;
}

/** "22.7 M", "148,996": parameters in a narrow place. */
export function short(value: number): string {
  if (value >= 1e9) return `${fixed(value / 1e9, 2)}${SPACE}G`;
  if (value >= 1e6) return `${fixed(value / 1e6, 1)}${SPACE}M`;
  if (value >= 1e4) return `${fixed(value / 1e3, 0)}${SPACE}k`;
  return count(value);
}

/** "812 B", "12.3 kB", "90.9 MB", "1.9 GB"; powers of ten. */
export function bytes(value: number): string {
  if (value < 1000) return `${count(value)}${SPACE}B`;
  if (value < 1e5) return `${fixed(value / 1e3, 1)}${SPACE}kB`;
  if (value < 999.95e6) return `${fixed(value / 1e6, 1)}${SPACE}MB`;
  return `${fixed(value / 1e9, 1)}${SPACE}GB`;
}

/** What the contract counts in `…Mb` (2^20 bytes) as "1.9 GB". */
export const megabytes = (value: number): string => bytes(value * 2 ** 20);

/** Seconds as "0.27 s", "38 s", "2 min 10 s", "3 h 5 min", "2 d 4 h". */
export function duration(seconds: number): string {
  const parts = (big: number, bigUnit: string, small: number, smallUnit: string): string =>
    `${count(big)}${SPACE}${bigUnit}${small > 0 ? `${SPACE}${small}${SPACE}${smallUnit}` : ''}`;
  if (!Number.isFinite(seconds)) return 'unknown';
  if (seconds < 9.95) return `${seconds.toLocaleString(locale, { maximumSignificantDigits: 2 })}${SPACE}s`;
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded}${SPACE}s`;
  if (rounded < 3600) return parts(Math.floor(rounded / 60), 'min', rounded % 60, 's');
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return parts(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
  const hours = Math.round(seconds / 3600);
  return parts(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

/** "about 2 min 10 s left": whole seconds, no false precision. Empty where it is not known. */
export const timeLeft = (seconds: number | null): string =>
  seconds === null ? '' : `about ${duration(Math.max(1, Math.round(seconds)))} left`;

const STEPS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/** Milliseconds since 1970 as "3 hours ago", "yesterday", "just now"; narrow: "3 hr ago". */
export function ago(time: number, now = Date.now(), style: Intl.RelativeTimeFormatStyle = 'long'): string {
  const seconds = (time - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) < size) continue;
    return new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style }).format(
      Math.round(seconds / size),
      unit,
    );
  }
  return 'just now';
}

/** Milliseconds since 1970 as "23 Nov 2026, 14:05" in the person's way. */
export const dateTime = (time: number): string =>
  new Date(time).toLocaleString(locale, { dateStyle: 'medium', timeStyle: 'short' });

/** "a, b and c" */
export const list = (items: readonly string[]): string =>
  new Intl.ListFormat(locale ?? 'en', { type: 'conjunction' }).format(items);
