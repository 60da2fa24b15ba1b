/** A failure of the set-up that a person can act on. `detail`: the last words of the tool that failed. */
export class SetupError extends Error {
  constructor(message, remedy, detail = '') {
    super(message);
    this.name = 'SetupError';
    this.remedy = remedy;
    this.detail = detail;
  }
}

/** What a person reads of an error: its tool's last lines, the thing, the remedy. A defect of ours keeps its stack. */
export function errorText(error) {
  if (!(error instanceof SetupError)) return error instanceof Error ? error.stack : String(error);
  return [error.detail, error.message, error.remedy].filter(Boolean).join('\n');
}

/** `0.4 s`, `21 s`, `2 min 5 s`. */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/**
 * Runs one part of the set-up with a line on stderr: `Packages … 21 s`.
 * On a terminal `work` may pass what is going on to its argument; it stands on the line until the next word.
 */
export async function step(name, work, out = process.stderr) {
  const started = performance.now();
  const show = (text) => {
    if (out.isTTY) out.write(`\r\x1b[K${name} … ${text}`);
  };
  out.write(`${name} …`);
  try {
    const result = await work(show);
    out.write(out.isTTY ? `\r\x1b[K${name} …` : '');
    out.write(` ${duration(performance.now() - started)}\n`);
    return result;
  } catch (error) {
    out.write(' failed\n');
    throw error;
  }
}
