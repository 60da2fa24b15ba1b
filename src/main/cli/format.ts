import type { ParameterCounts } from '../engine/jobs.ts';
import type { VerificationOutcome } from '../engine/export/verification.ts';

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
  const rounded = Math.round(seconds);
  if (rounded < 60) return `${rounded} s`;
  if (rounded < 3600) return `${Math.floor(rounded / 60)} min ${rounded % 60} s`;
  return `${Math.floor(rounded / 3600)} h ${Math.floor((rounded % 3600) / 60)} min`;
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

/** A line a file, under what was written. */
export const filesText = (
  output: string,
  files: readonly (readonly [name: string, bytes: number])[],
): string =>
  `Written to ${output}:\n${table([['file', 'size'], ...files.map(([name, bytes]) => [name, megabytes(bytes)])])}`;

/** As PEFT's `print_trainable_parameters()` says it. */
export const parametersText = ({ trainable, all, trainable_percent: percent }: ParameterCounts): string =>
  `trainable params: ${count(trainable)} || all params: ${count(all)} || trainable%: ${percent.toFixed(4)}`;

/** What a fresh process found when it loaded an export, in a few lines. */
export function proofText(outcome: VerificationOutcome): string {
  const {
    passed,
    reason,
    rows,
    same_answers: same,
    largest_difference: largest,
    accuracy,
    latency_ms: ms,
    smallest_cosine: cosine,
  } = outcome;
  const share = (value: number): string => `${(100 * value).toFixed(1)} %`;
  const lines = [
    passed ? 'Proof passed: loaded from disk by a fresh process.' : `Proof failed: ${reason ?? ''}`,
    `  largest difference of a ${cosine === null ? 'logit' : "vector's element"} ${scientific(largest)}, same answers ${count(same)} of ${count(rows)}`,
  ];
  if (accuracy) {
    const { reference, exported } = accuracy;
    const interval = `95 % interval ${share(exported.low)} to ${share(exported.high)}`;
    lines.push(
      `  accuracy ${share(exported.value)} (${interval}) on ${count(accuracy.rows)} rows; before: ${share(reference.value)}`,
    );
  }
  lines.push(`  ${ms.batch_1.toFixed(1)} ms for one text, ${ms.batch_32.toFixed(1)} ms for 32`);
  return lines.join('\n');
}
