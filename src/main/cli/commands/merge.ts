import { Command } from 'commander';
import { z } from 'zod';
import { setWork, type Work } from '../command.ts';
import { runMerge } from '../run-merge.ts';
import { option, optionValue } from '../options.ts';

const help = `
Adds the adapter to the model's original, full-precision weights and writes a folder that transformers loads with
from_pretrained. The folder is read back and must answer as model and adapter do.

Example:
  graft merge --model org/name --adapter out --output merged`;

const values = z.object({
  model: optionValue.model,
  adapter: z.string(),
  output: optionValue.output,
  overwrite: optionValue.overwrite,
  verify: optionValue.verify,
  workspace: optionValue.workspace,
});

const work: Work = (given, context) => runMerge(values.parse(given), context);

export function mergeCommand(): Command {
  const command = new Command('merge')
    .description('Makes one model out of a model and an adapter.')
    .addOption(option.model())
    .addOption(option.adapter().makeOptionMandatory())
    .addOption(option.outputDir().makeOptionMandatory())
    .addOption(option.overwrite())
    .addOption(option.verify())
    .addHelpText('after', help);
  return setWork(command, work);
}
