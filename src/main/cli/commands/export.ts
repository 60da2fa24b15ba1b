import { basename, join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import type { TargetReport } from '../../engine/export/export-targets.ts';
import { targetKeys, targets, weightPrecisions, type TargetKey } from '../../engine/export/targets.ts';
import { setWork, type Work } from '../command.ts';
import { duration, megabytes, table } from '../format.ts';
import { adapterFolder, modelFolder, nameOfModel } from '../io/model-folder.ts';
import { option, optionValue } from '../options.ts';
import { proofText } from '../proof-text.ts';

const help = `
Formats:
${targetKeys.map((key) => `  ${key.padEnd(12)} ${targets[key].use}`).join('\n')}

A fresh process loads what was written and must answer as model and adapter do; the proof is verification.json in
the folder. An export that falls short is kept beside it as DIR-failed, with the reason. graft verify DIR asks again.
Several formats go to a folder each inside DIR: DIR/hf, DIR/onnx, …

Examples:
  graft export --model org/name --adapter out --format hf --output for-python
  graft export --model org/name --adapter out --format onnx-int8 --output for-the-web --verify test.csv
  graft export --model org/name --adapter out --format hf onnx savedmodel --output everywhere`;

function points(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 100)) throw new InvalidArgumentError('It takes a number from 0 to 100.');
  return value;
}

const values = z.object({
  model: optionValue.model,
  adapter: optionValue.adapter,
  format: z.array(z.enum(targetKeys)),
  output: optionValue.output,
  overwrite: optionValue.overwrite,
  verify: optionValue.verify,
  textColumn: optionValue.textColumn,
  textPairColumn: optionValue.textPairColumn,
  labelColumn: z.string(),
  maxLength: z.number().optional(),
  maxPointsLost: z.number(),
  workspace: optionValue.workspace,
  weights: z.enum(weightPrecisions),
  pooling: z.enum(['mean', 'cls']).nullable().default(null),
});

const work: Work = async (given, context) => {
  const options = values.parse(given);
  const { output, verify, textColumn, textPairColumn, labelColumn } = options;
  const formats = [...new Set(options.format)];
  const model = await modelFolder(options.model, context);
  const adapter = options.adapter === undefined ? undefined : await adapterFolder(options.adapter);
  const modelName = nameOfModel(options.model, model);
  const name = basename(resolve(output));
  const { exportTargets } = await import('../../engine/export/export-targets.ts');
  const reports = await exportTargets(
    {
      model,
      adapter,
      targets: formats.map((target) => ({
        target,
        folder: formats.length === 1 ? output : join(output, target),
      })),
      overwrite: options.overwrite,
      precision: options.weights,
      pooling: options.pooling,
      mostPointsLost: options.maxPointsLost,
      rows:
        verify === undefined
          ? null
          : {
              file: verify,
              textColumn,
              labelColumn,
              ...(textPairColumn === undefined ? {} : { textPairColumn }),
            },
      maxLength: options.maxLength,
      facts: { name, modelName, dataName: null, settings: null },
    },
    context,
  );
  context.signal.throwIfAborted();
  if (options.workspace !== undefined) {
    const { recordExport } = await import('../../backend/exports/record.ts');
    const record = { adapter, name, folder: output, reports };
    const id = await recordExport(options.workspace, record);
    if (id === null) {
      const { notRecorded } = await import('../merge-recorded.ts');
      context.say(notRecorded(options.workspace));
    }
  }
  const only = reports.length === 1 ? reports[0]! : undefined;
  if (only?.fault) throw only.fault;
  const results = reports.map(({ target, state, folder, reason, verification, seconds }) => ({
    target,
    state,
    seconds,
    output: folder,
    reason,
    verification,
  }));
  return {
    result: only ? results[0] : { targets: results },
    text: reports.map(reportText).join('\n\n'),
    failed: reports.some(({ state }) => state !== 'passed'),
  };
};

function reportText({ target, folder, reason, verification, seconds }: TargetReport): string {
  if (!verification) return `${targets[target].name} was not written. ${reason ?? ''}`.trim();
  const files = verification.files.map(({ path, bytes }) => [path, megabytes(bytes)]);
  return [
    `Written to ${folder}:`,
    table([['file', 'size'], ...files]),
    proofText(verification.outcome),
    timesText(seconds),
  ].join('\n');
}

/** Where the time went. */
function timesText({ writing, answering, trying }: TargetReport['seconds']): string {
  return `Written in ${duration(writing)}, proved in ${duration(answering)}, snippets tried in ${duration(trying)}.`;
}

/** Several, whether the option is repeated or takes them in a row. */
const formats = (value: string, before: TargetKey[] | undefined): TargetKey[] => {
  const known = targetKeys.find((key) => key === value);
  if (known === undefined) throw new InvalidArgumentError(`Allowed choices are ${targetKeys.join(', ')}.`);
  return [...(before ?? []), known];
};

export function exportCommand(): Command {
  const command = new Command('export')
    .description(
      'Writes a model, with an adapter or without, for other programs, and proves that it answers the same.',
    )
    .addOption(option.model())
    .addOption(option.adapter())
    .addOption(
      new Option('--format <F...>', 'what for; several make a folder each')
        .argParser(formats)
        .makeOptionMandatory(),
    )
    .addOption(option.outputDir().makeOptionMandatory())
    .addOption(option.overwrite())
    .addOption(
      new Option('--weights <P>', 'type of the merged weights of hf and embedding')
        .choices(weightPrecisions)
        .default('fp32'),
    )
    .addOption(
      new Option(
        '--pooling <P>',
        "how embedding makes a text's vector of its tokens' (default: as the model's modules.json says, else mean)",
      ).choices(['mean', 'cls']),
    )
    .addOption(option.verify())
    .addOption(option.textColumn())
    .addOption(option.textPairColumn())
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
