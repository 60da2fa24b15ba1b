import fs from 'node:fs';
import path from 'node:path';
import tty from 'node:tty';
import { systemTemporary } from '../formats/temporary.ts';

/**
 * Runs `work` and keeps from the terminal what native libraries tell there about themselves; warnings and errors
 * come after it. TensorFlow 2.21 logs while it is being loaded, before any of its settings is read.
 * Only a terminal on Linux is treated so: a log file or a pipe gets everything.
 */
export function quietly<Result>(work: () => Result): Result {
  const release = process.platform === 'linux' && tty.isatty(2) ? holdStandardError() : undefined;
  try {
    return work();
  } finally {
    const rest = release === undefined ? '' : troubles(release());
    if (rest !== '') process.stderr.write(rest);
  }
}

/** Sends file descriptor 2 to a file. The function returned puts the terminal back and gives what was written. */
function holdStandardError(): (() => string) | undefined {
  let folder: string | undefined;
  try {
    folder = systemTemporary('log');
    const log = path.join(folder, 'stderr');
    fs.writeFileSync(log, '');
    const terminal = fs.openSync('/proc/self/fd/2', 'a');
    reopen(log);
    return () => {
      reopen(`/proc/self/fd/${terminal}`);
      fs.closeSync(terminal);
      const text = fs.readFileSync(log, 'utf8');
      fs.rmSync(path.dirname(log), { recursive: true });
      return text;
    };
  } catch {
    if (folder !== undefined) fs.rmSync(folder, { recursive: true });
    return undefined;
  }
}

/** Node has no dup2: a descriptor that was just closed is the lowest free one, so the next open gets it. */
function reopen(file: string): void {
  fs.closeSync(2);
  fs.openSync(file, 'a');
}

/** The lines of a TensorFlow log that are warnings, errors or no log lines at all. */
export function troubles(log: string): string {
  let keep = true;
  const kept = log.split('\n').filter((line) => {
    const severity = /^(?:\d{4}-\d\d-\d\d [\d:.]+: )?([IWEF])(?:\d{4} | )/.exec(line)?.[1];
    // A line without a severity goes on where the last one stopped.
    if (severity !== undefined) keep = severity !== 'I';
    else if (line.startsWith('WARNING: All log messages before absl::InitializeLog()')) keep = false;
    return keep;
  });
  return kept.join('\n').trim() === '' ? '' : `${kept.join('\n').trimEnd()}\n`;
}
