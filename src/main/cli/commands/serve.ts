import { Command, Option } from 'commander';
import { fault } from '../../../shared/faults/index.ts';
import { setWork } from '../command.ts';

export function serveCommand(): Command {
  const command = new Command('serve')
    .description('Shows the app in a browser (comes with the window).')
    .addOption(new Option('--port <N>', 'the port on this machine'));
  return setWork(command, () => {
    throw fault('cli/later', {
      what: 'graft serve (it comes with the window)',
      remedy: 'Use the other commands: graft --help.',
    });
  });
}
