import { Command, Option } from 'commander';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { setWork, type Work } from '../command.ts';
import { runMerge } from '../run-merge.ts';
import { option, optionValue } from '../options.ts';

const help = `
hf is a folder for transformers' from_pretrained: config.json, model.safetensors and the tokenizer's files.

Example:
  graft export --model org/name --adapter out --format hf --output for-python --verify texts.txt`;

const formats = ['hf', 'onnx', 'onnx-int8', 'savedmodel'] as const;

const values = z.object({
  model: optionValue.model,
  adapter: optionValue.adapter,
  format: z.enum(formats),
  output: optionValue.output,
  overwrite: optionValue.overwrite,
  verify: optionValue.verify,
});

const work: Work = (given, context) => {
  const { format, ...options } = values.parse(given);
  if (format !== 'hf') throw fault('cli/later', { what: `--format ${format}`, remedy: 'Use --format hf.' });
  return runMerge(options, context);
};

export function exportCommand(): Command {
  const command = new Command('export')
    .description('Writes a model, with an adapter or without, for other programs.')
    .addOption(option.model())
    .addOption(option.adapter())
    .addOption(
      new Option('--format <F>', 'hf now; onnx, onnx-int8 and savedmodel come later')
        .choices(formats)
        .makeOptionMandatory(),
    )
    .addOption(option.outputDir().makeOptionMandatory())
    .addOption(option.overwrite())
    .addOption(option.verify())
    .addHelpText('after', help);
  return setWork(command, work);
}
