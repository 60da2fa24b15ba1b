import { CommanderError } from 'commander';
import { fault } from '../../shared/faults/index.ts';
import { reportFailure } from './command.ts';
import { makeProgram } from './program.ts';

// A reader that has enough (`| head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const program = makeProgram();
try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  if (error.exitCode !== 0) {
    const message = error.message.replace(/^error: /, '').replace(/\s*\n/g, ' ');
    reportFailure(
      fault('cli/usage', { message: message === '(outputHelp)' ? 'A command is missing' : message }),
      process.argv.includes('--json'),
    );
  }
}
