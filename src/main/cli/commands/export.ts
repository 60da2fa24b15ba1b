import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { targetKeys, targets } from '../../engine/export/targets.ts';
import { setWork, type Work } from '../command.ts';
import { megabytes, table } from '../format.ts';
import { adapterFolder, modelFolder } from '../io/model-folder.ts';
import { option, optionValue } from '../options.ts';
import { proofText } from '../proof-text.ts';

const help = `
Formats:
${targetKeys.map((key) => `  ${key.padEnd(12)} ${targets[key].use}`).join('\n')}

A fresh process loads what was written and must answer as model and adapter do; the proof is verification.json in
the folder. An export that falls short is kept beside it as DIR-failed, with the reason. graft verify DIR asks again.

Examples:
  graft export --model org/name --adapter out --format hf --output for-python
  graft export --model org/name --adapter out --format onnx-int8 --output for-the-web --verify test.csv`;

function points(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 100)) throw new InvalidArgumentError('It takes a number from 0 to 100.');
  return value;
}

const values = z.object({
  model: optionValue.model,
  adapter: optionValue.adapter,
  format: z.enum(targetKeys),
  output: optionValue.output,
  overwrite: optionValue.overwrite,
  verify: optionValue.verify,
  textColumn: optionValue.textColumn,
  labelColumn: z.string(),
  maxLength: z.number().optional(),
  maxPointsLost: z.number(),
});

const work: Work = async (given, context) => {
  const options = values.parse(given);
  const model = await modelFolder(options.model, context);
  const adapter = options.adapter === undefined ? undefined : await adapterFolder(options.adapter);
  const { exportModel } = await import('../../engine/export/export-model.ts');
  const report = await exportModel(
    {
      model,
      modelName: options.model,
      output: options.output,
      target: options.format,
      overwrite: options.overwrite,
      mostPointsLost: options.maxPointsLost,
      textColumn: options.textColumn,
      labelColumn: options.labelColumn,
      ...(adapter === undefined ? {} : { adapter }),
      ...(options.verify === undefined ? {} : { verify: options.verify }),
      ...(options.maxLength === undefined ? {} : { maxLength: options.maxLength }),
    },
    context,
  );
  const { outcome, files } = report.verification;
  const text = [
    `Written to ${report.output}:`,
    table([['file', 'size'], ...files.map(({ path, bytes }) => [path, megabytes(bytes)])]),
    proofText(outcome),
  ];
  return { result: report, text: text.join('\n'), failed: !outcome.passed };
};

export function exportCommand(): Command {
  const command = new Command('export')
    .description(
      'Writes a model, with an adapter or without, for other programs, and proves that it answers the same.',
    )
    .addOption(option.model())
    .addOption(option.adapter())
    .addOption(new Option('--format <F>', 'what for').choices(targetKeys).makeOptionMandatory())
    .addOption(option.outputDir().makeOptionMandatory())
    .addOption(option.overwrite())
    .addOption(option.verify())
    .addOption(option.textColumn())
    .addOption(option.labelColumn())
    .addOption(option.maxLength())
    .addOption(
      new Option(
        '--max-points-lost <N>',
        'points of accuracy that an export may lose on the rows of --verify',
      )
        .argParser(points)
        .default(1),
    )
    .addHelpText('after', help);
  return setWork(command, work);
}
