import { basename, join, resolve } from 'node:path';
import { InvalidArgumentError } from 'commander';
import type { ExportRecord } from '../../backend/exports/record.ts';
import type { TargetReport } from '../../engine/export/export-targets.ts';
import { targetKeys, targets, weightPrecisions, type TargetKey } from '../../engine/export/targets.ts';
import { command } from '../command.ts';
import { duration, filesText, proofText } from '../format.ts';
import { givenFolders, nameOfModel } from '../io/model-folder.ts';
import { given } from '../../../shared/fields.ts';
import { choice, choiceOr, collected, number, option, poolings } from '../options.ts';

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

/** Several, whether the option is repeated or takes them in a row. */
const formats = (value: string, before: TargetKey[] | undefined): TargetKey[] => {
  const known = targetKeys.find((key) => key === value);
  if (known === undefined) throw new InvalidArgumentError(`Allowed choices are ${targetKeys.join(', ')}.`);
  return [...(before ?? []), known];
};

function reportText({ target, folder, reason, verification, seconds }: TargetReport): string {
  if (!verification) return `${targets[target].name} was not written. ${reason ?? ''}`.trim();
  const { writing, answering, trying } = seconds;
  return [
    filesText(
      folder,
      verification.files.map(({ path, bytes }) => [path, bytes]),
    ),
    proofText(verification.outcome),
    `Written in ${duration(writing)}, proved in ${duration(answering)}, snippets tried in ${duration(trying)}.`,
  ].join('\n');
}

/** Puts an export into a workspace, where one is named; says so where it does not know the adapter. */
export async function recordIn(
  workspace: string | undefined,
  record: ExportRecord,
  say: (message: string) => void,
): Promise<void> {
  if (workspace === undefined) return;
  const { recordExport } = await import('../../backend/exports/record.ts');
  if ((await recordExport(workspace, record)) !== null) return;
  say(
    `${workspace} does not know what this was made of, so it is not in its list. Import the adapter there first.`,
  );
}

export const exportCommand = () =>
  command({
    name: 'export',
    description:
      'Writes a model, with an adapter or without, for other programs, and proves that it answers the same.',
    help,
    options: {
      model: option.model,
      adapter: option.adapter,
      format: collected('--format <F...>', 'what for; several make a folder each', formats, (made) =>
        made.makeOptionMandatory(),
      ),
      output: option.requiredOutputDir,
      overwrite: option.overwrite,
      weights: choiceOr(
        '--weights <P>',
        'type of the merged weights of hf and embedding',
        weightPrecisions,
        'fp32',
      ),
      pooling: choice(
        '--pooling <P>',
        "how embedding makes a text's vector of its tokens' (default: as the model's modules.json says, else mean)",
        poolings,
      ),
      verify: option.verify,
      textColumn: option.textColumn,
      textPairColumn: option.textPairColumn,
      labelColumn: option.labelColumn,
      maxLength: option.maxLength(),
      maxPointsLost: number(
        '--max-points-lost <N>',
        'points of accuracy that an export may lose on the rows of --verify',
        points,
        1,
      ),
    },
    work: async (options, context) => {
      const { output, verify: file, textColumn, textPairColumn, labelColumn } = options;
      const formats = [...new Set(options.format)];
      const { model, adapter } = await givenFolders(options, context);
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
          pooling: options.pooling ?? null,
          mostPointsLost: options.maxPointsLost ?? 1,
          rows: file === undefined ? null : { file, textColumn, labelColumn, ...given({ textPairColumn }) },
          maxLength: options.maxLength,
          card: { name, modelName: nameOfModel(options.model, model), dataName: null, settings: null },
        },
        context,
      );
      context.signal.throwIfAborted();
      await recordIn(context.workspace, { adapter, name, folder: output, reports }, context.say);
      const only = reports.length === 1 ? reports[0]! : undefined;
      if (only?.fault) throw only.fault;
      const results = reports.map(({ target, state, folder, reason, verification, seconds }) => ({
        ...{ target, state, seconds, output: folder, reason, verification },
      }));
      return {
        result: only ? results[0] : { targets: results },
        text: reports.map(reportText).join('\n\n'),
        failed: reports.some(({ state }) => state !== 'passed'),
      };
    },
  });
