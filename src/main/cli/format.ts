/** "1,250" */
export function count(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 0 });
}

/** A rate with the digits that matter: "0.25", "4.1", "312", "1,250". */
export function rate(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 1 ? 2 : value < 10 ? 1 : 0 });
}

/** Seconds as people say them: "0.4 s", "48 s", "3 min 48 s", "2 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Bytes in MB (10^6), with one decimal below 10. */
export function megabytes(bytes: number): string {
  const value = bytes / 1e6;
  if (value < 0.05) return '< 0.1 MB';
  return `${value < 10 ? value.toFixed(1) : count(value)} MB`;
}

/** A small difference: "2.4e-6", "0". */
export function scientific(value: number): string {
  return value === 0 ? '0' : value.toExponential(1);
}

/** Rows of cells as aligned columns, two spaces apart; columns of numbers are aligned right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const cells = rows.map((row) => row.map(String));
  const widths: number[] = [];
  for (const row of cells) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell.length)));
  const right = widths.map((_, i) => rows.slice(1).every((row) => /^-?[\d.,]*$/.test(String(row[i] ?? ''))));
  return cells
    .map((row) =>
      row
        .map((cell, i) => (right[i] === true ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
