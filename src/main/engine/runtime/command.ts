import { execFile } from 'node:child_process';

/** What a tool says on stdout and stderr, trimmed; null when it is missing, fails or takes over a minute. */
export function ask(command: string, args: readonly string[], env = process.env): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(command, args, { env, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve(error === null ? `${stdout}\n${stderr}`.trim() : null),
    );
  });
}
