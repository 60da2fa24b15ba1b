/** Numbers, sizes and times as a person reads them, in the person's locale. */

let locale: string | undefined;

/** Empty: the system's. */
export function setLocale(wanted: string): void {
  try {
    locale = wanted === '' ? undefined : Intl.getCanonicalLocales(wanted)[0];
  } catch {
    locale = undefined;
  }
}

const cached = new Map<string, Intl.NumberFormat>();
function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${locale}${JSON.stringify(options)}`;
  const known = cached.get(key) ?? new Intl.NumberFormat(locale, options);
  cached.set(key, known);
  return known;
}

/** 1,000 */
export const count = (value: number): string => numbers({ maximumFractionDigits: 0 }).format(value);

/** A value with so many significant digits: 0.981, 1.2e-5 for the very small. */
export function decimal(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(Math.max(0, digits - 2));
  return numbers({ maximumSignificantDigits: digits, minimumSignificantDigits: Math.min(digits, 3) }).format(value);
}

/** A share as "59.8 %". */
export const percent = (share: number, digits = 1): string =>
  `${numbers({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(100 * share)} %`;

/** A number in short: 22.7 M, 148 k. */
export function short(value: number): string {
  for (const [limit, unit] of [
    [1e9, 'B'],
    [1e6, 'M'],
    [1e4, 'k'],
  ] as const) {
    if (Math.abs(value) >= limit) {
      const scale = unit === 'k' ? 1e3 : limit;
      return `${numbers({ maximumSignificantDigits: 3 }).format(value / scale)} ${unit}`;
    }
  }
  return count(value);
}

/** Bytes as 84.1 MB; powers of ten. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let at = 0;
  let shown = value;
  while (shown >= 1000 && at < units.length - 1) {
    shown /= 1000;
    at++;
  }
  return `${numbers({ maximumFractionDigits: at === 0 || shown >= 100 ? 0 : 1 }).format(shown)} ${units[at]}`;
}

/** Seconds as "2 min 10 s", "1 h 5 min", "0.4 s". */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return 'unknown';
  if (seconds < 10) return `${numbers({ maximumFractionDigits: 1 }).format(Math.max(0, seconds))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return minutes === 0 ? `${count(hours)} h` : `${count(hours)} h ${minutes} min`;
  return whole % 60 === 0 ? `${minutes} min` : `${minutes} min ${whole % 60} s`;
}

/** "about 38 s left" */
export const timeLeft = (seconds: number | null): string =>
  seconds === null ? '' : `about ${duration(seconds)} left`;

/** A date and time of milliseconds since 1970. */
export function dateTime(time: number): string {
  return new Intl.DateTimeFormat(locale, { dateStyle: 'medium', timeStyle: 'short' }).format(time);
}

/** "3 min ago", "yesterday" */
export function ago(time: number, now = Date.now()): string {
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto', style: 'short' });
  const seconds = (time - now) / 1000;
  for (const [unit, size] of [
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    if (Math.abs(seconds) >= size) return relative.format(Math.round(seconds / size), unit);
  }
  return 'just now';
}
