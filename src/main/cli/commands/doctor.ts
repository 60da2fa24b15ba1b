import { Command } from 'commander';
import { setWork, type Work } from '../command.ts';

const help = `
Each line is a part: ok, warning or missing, with its version and, where something is amiss, the remedy.
The speed is measured by a matrix product on the device that TensorFlow really uses.

Example:
  graft doctor --json`;

const work: Work = async () => {
  const { examine } = await import('../../engine/runtime/doctor.ts');
  const report = await examine();
  const text = report.parts.flatMap((part) => [
    `${part.status.padEnd(8)} ${[part.name, part.version, part.detail].filter(Boolean).join(' · ')}`,
    ...(part.remedy === undefined ? [] : [`         ${part.remedy}`]),
  ]);
  return {
    result: report,
    text: text.join('\n'),
    failed: report.parts.some((part) => part.status === 'missing'),
  };
};

export function doctorCommand(): Command {
  const command = new Command('doctor')
    .description('Says what this machine has, what is missing and how to mend it.')
    .addHelpText('after', help);
  return setWork(command, work);
}
