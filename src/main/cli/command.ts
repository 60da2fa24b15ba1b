import { Command, CommanderError, type Argument } from 'commander';
import { z } from 'zod';
import { fault, type Fault } from '../../shared/faults/index.ts';
import { systemFault } from '../../shared/faults/system.ts';
import { printable } from '../../shared/quoting.ts';
import type { JobContext, JobEvent } from '../engine/jobs.ts';
import type { OptionSet, ValuesOf } from './options.ts';
import { ProgressDisplay } from './progress-display.ts';

/** What a command's work gets beside its options. */
export interface CommandContext extends JobContext {
  /** Whether stdout takes one JSON object and nothing else. */
  json: boolean;
  workspace: string | undefined;
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

interface Definition<Options extends OptionSet> {
  name: string;
  description: string;
  /** Stands behind the options in --help. */
  help?: string;
  argument?: Argument;
  /** In the order of --help, by the names that commander gives them. */
  options: Options;
  /** It goes on until a signal ends it, watches signals by itself and prints by itself. */
  lasting?: true;
  /** `argument`: empty for a command without one. Null: it printed by itself. */
  work(options: ValuesOf<Options>, context: CommandContext, argument: string): Promise<Outcome | null>;
}

const everywhere = z.object({ json: z.boolean().default(false), workspace: z.string().optional() });

/** A command: progress, Ctrl-C, --json, faults and exit codes are the same for all. */
export function command<Options extends OptionSet>(definition: Definition<Options>): Command {
  const { name, description, help, argument, options, lasting } = definition;
  const made = new Command(name).description(description);
  if (argument) made.addArgument(argument);
  for (const each of Object.values(options)) for (const option of each.make()) made.addOption(option);
  if (help !== undefined) made.addHelpText('after', help);
  const schema = z.object(
    Object.fromEntries(Object.entries(options).map(([key, { value }]) => [key, value])),
  );
  return made.action(async () => {
    // --json of a command that has others inside is its own, wherever it stands.
    const given: unknown = made.optsWithGlobals();
    const { json, workspace } = everywhere.parse(given);
    const display = new ProgressDisplay(process.stderr);
    const say = (message: string): void => display.line(message);
    const interrupts = lasting ? null : watchInterrupts(say);
    try {
      const values = schema.parse(given) as ValuesOf<Options>;
      const signal = interrupts?.signal ?? new AbortController().signal;
      const onEvent = (event: JobEvent): void => display.onEvent(event);
      const context = { json, workspace, signal, onEvent, say };
      const outcome = await definition.work(values, context, made.args[0] ?? '');
      display.end();
      if (outcome === null) return;
      print(outcome, json);
      process.exitCode = outcome.failed === true ? 1 : 0;
    } catch (error) {
      display.end();
      reportFailure(error, json);
    } finally {
      interrupts?.dispose();
    }
  });
}

/** Prints what came of a command: one JSON object, or its text where there is any. */
export function print({ result, text }: Outcome, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(result)}\n`);
  else if (text !== null) process.stdout.write(`${printable(text)}\n`);
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

/**
 * A signal that Ctrl-C (or SIGTERM) aborts. The handlers are removed by the first one, so that a second ends the
 * process at once, even inside a native call. `dispose` gives the signals back.
 */
function watchInterrupts(say: (message: string) => void): { signal: AbortSignal; dispose(): void } {
  const controller = new AbortController();
  const dispose = () => {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  };
  function stop(): void {
    dispose();
    say('Stopping after this step; what was done is kept. Ctrl-C again ends at once.');
    controller.abort(fault('cli/stopped', {}));
  }
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  return { signal: controller.signal, dispose };
}

/** Runs a program on the process's arguments; wrong usage is said as any other failure is, with exit code 2. */
export async function runProgram(program: Command): Promise<void> {
  // A reader that has enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  for (const each of [program, ...program.commands]) {
    each.exitOverride().configureOutput({ outputError: () => undefined });
  }
  try {
    await program.parseAsync(process.argv);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return;
    const message = error.message.replace(/^error: /, '').replace(/\s*\n/g, ' ');
    const shown = message === '(outputHelp)' ? 'A command is missing' : message;
    reportFailure(fault('cli/usage', { message: shown }), process.argv.includes('--json'));
  }
}
