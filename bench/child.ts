import { spawn } from 'node:child_process';
import { z } from 'zod';

/** A program to measure: what to start, and with what beside this process's environment. */
export interface Command {
  file: string;
  args: string[];
  env?: Record<string, string>;
}

export interface ChildResult {
  /** From the start of the process to the last thing it printed, seconds. */
  wholeSeconds: number;
  /** The JSON object it printed. */
  line: Record<string, unknown>;
}

const jsonObject = z.record(z.string(), z.unknown());

/**
 * Runs `command` alone and waits for it. Its peak memory is its own to print: Node has no `wait4`.
 * Throws with the last words of the program where it fails or prints no JSON object.
 */
export async function runChild(command: Command): Promise<ChildResult> {
  const started = performance.now();
  let lastPrinted = started;
  let stdout = '';
  let stderr = '';
  const child = spawn(command.file, command.args, {
    env: { ...process.env, ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    lastPrinted = performance.now();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-10_000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  const line = lastObject(stdout);
  if (code !== 0 || line === null) {
    const why = code === 0 ? 'printed no JSON object' : `ended with exit code ${code ?? 'none (killed)'}`;
    const lastWords = `${stderr}\n${stdout}`.trim().split('\n').slice(-15).join('\n');
    throw new Error(`${[command.file, ...command.args].join(' ')}\n${why}:\n${lastWords}`);
  }
  return { wholeSeconds: (lastPrinted - started) / 1000, line };
}

/** The whole of `stdout`, or else its last line, as a JSON object. */
function lastObject(stdout: string): Record<string, unknown> | null {
  for (const text of [stdout, stdout.trimEnd().split('\n').at(-1)!]) {
    try {
      const parsed = jsonObject.safeParse(JSON.parse(text));
      if (parsed.success) return parsed.data;
    } catch {
      // Not JSON: the frameworks print lines of their own before the result.
    }
  }
  return null;
}
