import { CommanderError, type Command } from 'commander';
import { fault } from '../../shared/faults/index.ts';
import { reportFailure } from './command.ts';

/** Runs a program on the process's arguments; wrong usage is said as any other failure is, with exit code 2. */
export async function runProgram(program: Command): Promise<void> {
  // A reader that has enough (`| head`) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ outputError: () => undefined });
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
