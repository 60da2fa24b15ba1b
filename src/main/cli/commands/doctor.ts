import { command } from '../command.ts';

const help = `
Each line is a part: ok, warning or missing, with its version and, where something is amiss, the remedy.
The speed is measured by a matrix product on the device that TensorFlow really uses.

Example:
  graft doctor --json`;

export const doctorCommand = () =>
  command({
    name: 'doctor',
    description: 'Says what this machine has, what is missing and how to mend it.',
    help,
    options: {},
    work: async () => {
      const { examine } = await import('../../engine/runtime/doctor.ts');
      const report = await examine();
      const text = report.parts.flatMap(({ name, status, version, detail, remedy }) => [
        `${status.padEnd(8)} ${[name, version, detail].filter(Boolean).join(' · ')}`,
        ...(remedy === undefined ? [] : [`         ${remedy}`]),
      ]);
      return {
        result: report,
        text: text.join('\n'),
        failed: report.parts.some(({ status }) => status === 'missing'),
      };
    },
  });
