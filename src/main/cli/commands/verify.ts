import { Argument } from 'commander';
import { command } from '../command.ts';
import { proofText } from '../format.ts';
import { modelFolder } from '../io/model-folder.ts';
import { text } from '../options.ts';

const help = `
Every file must have the hash it had when the export was proven, and a fresh process must load the folder and answer
the fixed texts of verification.json as the trained model did.

Example:
  graft verify for-the-web`;

export const verifyCommand = () =>
  command({
    name: 'verify',
    description: 'Repeats the proof of an export.',
    help,
    argument: new Argument('<dir>', "the export's folder"),
    options: { model: text('--model <M>', 'the base model, for an export that is an adapter') },
    work: async ({ model }, context, folder) => {
      const base = model === undefined ? undefined : await modelFolder(model, context);
      const { verifyExport } = await import('../../engine/export/verify-export.ts');
      const { verification: _, ...report } = await verifyExport(folder, context, base);
      const lines = report.problems.map((problem) => `  ${problem}`);
      const text = report.outcome ? proofText(report.outcome) : ['Proof failed:', ...lines].join('\n');
      return { result: report, text, failed: !report.passed };
    },
  });
