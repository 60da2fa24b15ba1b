import { Argument, Command, Option } from 'commander';
import { z } from 'zod';
import type { CommandContext, Outcome } from '../command.ts';
import { runWork } from '../command.ts';
import { modelFolder } from '../io/model-folder.ts';
import { proofText } from '../proof-text.ts';

const help = `
Every file must have the hash it had when the export was proven, and a fresh process must load the folder and answer
the fixed texts of verification.json as the trained model did.

Example:
  graft verify for-the-web`;

const values = z.object({ model: z.string().optional() });

async function work(
  folder: string,
  given: Record<string, unknown>,
  context: CommandContext,
): Promise<Outcome> {
  const options = values.parse(given);
  const base = options.model === undefined ? undefined : await modelFolder(options.model, context);
  const { verifyExport } = await import('../../engine/export/verify-export.ts');
  const { verification: _, ...report } = await verifyExport(folder, context, base);
  const lines = report.problems.map((problem) => `  ${problem}`);
  const text = report.outcome ? proofText(report.outcome) : ['Proof failed:', ...lines].join('\n');
  return { result: report, text, failed: !report.passed };
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description('Repeats the proof of an export.')
    .addArgument(new Argument('<dir>', "the export's folder"))
    .addOption(new Option('--model <M>', 'the base model, for an export that is an adapter'))
    .addHelpText('after', help)
    .action((folder: string, options: Record<string, unknown>) =>
      runWork(options, (given, context) => work(folder, given, context)),
    );
}
