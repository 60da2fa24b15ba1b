import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { resolve } from 'node:path';
import { z } from 'zod';

export const golden = resolve(import.meta.dirname, '../../../fixtures/golden/seed1');
export const tokenizerFolder = resolve(golden, 'tokenizer');

/** What --json prints for a failure. */
export const errorSchema = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string(), remedy: z.string() }),
});

export interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Starts the real command line, as a shell would. */
export function startGraft(args: readonly string[], cwd?: string): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [resolve(import.meta.dirname, 'main.ts'), ...args], { cwd });
}

/** Everything that a started command line prints until it ends. */
export function ended(child: ChildProcessWithoutNullStreams): Promise<Run> {
  return new Promise((done, fail) => {
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', fail).on('close', (status) => done({ status, stdout, stderr }));
  });
}

/** Runs the real command line to its end. */
export function graft(args: readonly string[], input = '', cwd?: string): Promise<Run> {
  const child = startGraft(args, cwd);
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return ended(child);
}

/** The values of JSON Lines. */
export function lines(text: string): unknown[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
}
