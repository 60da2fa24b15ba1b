import type { Command } from 'commander';
import { fault, type Fault } from '../../shared/faults/index.ts';
import { systemFault } from '../../shared/faults/system.ts';
import { printable } from '../../shared/quoting.ts';
import type { JobContext } from '../engine/jobs.ts';
import { watchInterrupts } from './interrupts.ts';
import { ProgressDisplay } from './progress-display.ts';

/** What a command's work gets beside its options. */
export interface CommandContext extends JobContext {
  /** Whether stdout takes one JSON object and nothing else. */
  json: boolean;
  /** Says something on stderr, above the progress line. */
  say: (message: string) => void;
}

/** What a command has to show for itself. */
export interface Outcome {
  /** Printed with --json. */
  result: unknown;
  /** Printed without it; null when everything was printed already. */
  text: string | null;
  /** True when the work was stopped or found something wrong: exit 1. */
  failed?: boolean;
}

export type Work = (options: Record<string, unknown>, context: CommandContext) => Promise<Outcome>;

/** Makes `work` the action of `command`: progress, Ctrl-C, --json, faults and exit codes are the same for all. */
export function setWork(command: Command, work: Work): Command {
  return command.action((options: Record<string, unknown>) => runWork(options, work));
}

/** The same for a command that takes more than options. */
export async function runWork(options: Record<string, unknown>, work: Work): Promise<void> {
  const display = new ProgressDisplay(process.stderr);
  const interrupts = watchInterrupts((message) => display.line(message));
  const json = options['json'] === true;
  try {
    const outcome = await work(options, {
      json,
      signal: interrupts.signal,
      onEvent: (event) => display.onEvent(event),
      say: (message) => display.line(message),
    });
    display.end();
    if (json) process.stdout.write(`${JSON.stringify(outcome.result)}\n`);
    else if (outcome.text !== null) process.stdout.write(`${printable(outcome.text)}\n`);
    process.exitCode = outcome.failed === true ? 1 : 0;
  } catch (error) {
    display.end();
    reportFailure(error, json);
  } finally {
    interrupts.dispose();
  }
}

/** Prints a failure (on stdout as JSON with --json, else on stderr) and sets the exit code: 2 for wrong usage. */
export function reportFailure(error: unknown, json: boolean): void {
  const known = systemFault(error);
  const shown = known ?? defect(error);
  if (json) process.stdout.write(`${JSON.stringify({ error: shown })}\n`);
  else process.stderr.write(`${printable(`${shown.message}\n${shown.remedy}`)}\n`);
  if (!known && process.env['GRAFT_DEBUG'] !== undefined) console.error(error);
  process.exitCode = /^(settings\/|cli\/(usage|set))/.test(shown.code) ? 2 : 1;
}

function defect(error: unknown): Fault {
  return fault('cli/defect', { reason: error instanceof Error ? error.message : String(error) }, error);
}
