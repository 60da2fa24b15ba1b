import { basename, dirname, extname, join, resolve } from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { isFields } from '../../../shared/fields.ts';
import { methods } from '../../../shared/methods/index.ts';
import { conditionText, type Setting, type Settings } from '../../../shared/settings/setting.ts';
import {
  configSettings,
  dataSettings,
  parseTrainConfig,
  type TrainConfig,
} from '../../../shared/settings/train-config.ts';
import { trainingSettings } from '../../../shared/settings/training.ts';
import type { TrainResult } from '../../engine/jobs.ts';
import { command } from '../command.ts';
import { applySetting, readConfigFile } from '../config-file.ts';
import { count, duration } from '../format.ts';
import { readLabelMap } from '../config-file.ts';
import { collected, flag, option } from '../options.ts';

function initial(setting: Setting): string {
  if (setting.type === 'required text') return 'required';
  if (setting.type === 'group' || setting.type === 'record') return '';
  return setting.default === null ? '-' : JSON.stringify(setting.default);
}

/** A line a setting: name, default, help; for the end of `--help`. */
function settingsHelp(settings: Settings): string {
  const rows = Object.entries(settings).flatMap(([name, setting]): [string, string, string][] => [
    [name, initial(setting), helpText(setting)],
    ...(setting.type === 'group'
      ? Object.entries(setting.fields).map(([inner, field]): [string, string, string] => [
          `${name}.${inner}`,
          initial(field),
          helpText(field),
        ])
      : []),
  ]);
  const nameWidth = Math.max(...rows.map(([name]) => name.length));
  const defaultWidth = Math.max(...rows.map(([, value]) => value.length));
  return rows
    .map(([name, value, text]) => `  ${name.padEnd(nameWidth)}  ${value.padEnd(defaultWidth)}  ${text}`)
    .join('\n');
}

function helpText(setting: Setting): string {
  const choices = 'choices' in setting ? ` (${setting.choices.join(', ')})` : '';
  const when = conditionText(setting);
  return `${setting.help}${choices}${when && ` Applies when: ${when}.`}`;
}

const withoutSettings = methods.flatMap(({ peft, type }) => (peft ? [] : [type])).join(' and ');
const adapterHelp = (type: string, className: string, settings: Settings): string =>
  `Settings under "adapter" with peft_type ${type}, named as in PEFT's ${className}; ${withoutSettings} have none:
${settingsHelp(settings)}`;

const help = `
A config is one JSON or YAML file; its relative paths start from its own folder:
  { "model": "org/name",
    "data": { "train": "train.csv", "eval": "test.csv", "text_column": "text", "label_column": "stars" },
    "adapter": { "peft_type": "LORA", "r": 16, "lora_alpha": 32, "target_modules": ["query", "value"] },
    "training": { "num_train_epochs": 3, "learning_rate": 1e-3 },
    "output_dir": "out" }

Examples:
  graft train --config run.json
  graft train --config run.json --set training.learning_rate=5e-4 --set training.seed=7 --output out-7
  graft train --config run.json --resume

Settings and their defaults:
${settingsHelp(Object.fromEntries(Object.entries(configSettings).filter(([, setting]) => setting.type !== 'group')))}

Settings under "data":
${settingsHelp(dataSettings)}

${methods
  .flatMap(({ peft, settings, type }) => (peft ? [adapterHelp(type, peft.name, settings)] : []))
  .join('\n\n')}

Settings under "training", named as in transformers' TrainingArguments:
${settingsHelp(trainingSettings)}`;

/** Whether fp32 would be faster here than the bf16 that was chosen: measured, in a second. */
async function precisionNotes(config: TrainConfig): Promise<string[]> {
  if (config.training.precision !== 'bf16') return [];
  const [{ loadTensorFlow }, { matmulSpeed }, { precisionFinding }] = await Promise.all([
    import('../../engine/runtime/tensorflow.ts'),
    import('../../engine/runtime/matmul-speed.ts'),
    import('../../backend/preflight/findings/training.ts'),
  ]);
  const found = precisionFinding(config, matmulSpeed(loadTensorFlow('bf16')));
  return found ? [[found.message, found.detail].filter((part) => part !== null).join(' ')] : [];
}

/** --output starts from the current folder, output_dir from the config's, like the config's other paths. */
function outputFolder(
  { output, config }: { output: string | undefined; config: string },
  workspace: string | undefined,
  outputDir: string | null,
  baseDir: string,
): string {
  if (output !== undefined) return resolve(output);
  if (outputDir !== null) return resolve(baseDir, outputDir);
  if (workspace === undefined) throw fault('cli/usage-output', { config });
  return resolve(join(workspace, 'experiments', basename(config, extname(config))));
}

function resultText(result: TrainResult): string {
  const { metrics } = result;
  const shown = ['accuracy', 'f1_macro', 'loss'].flatMap((name) => {
    const value = metrics?.[name];
    return typeof value === 'number' ? [`${name} ${value.toFixed(4)}`] : [];
  });
  return [
    `${result.status === 'stopped' ? 'Stopped after' : 'Trained'} ${count(result.steps)} steps in ` +
      `${duration(result.train_runtime)}, mean loss ${result.train_loss.toFixed(4)}, ` +
      `${count(result.tokens_per_second)} tokens/s`,
    ...(shown.length > 0 ? [`Evaluation: ${shown.join(', ')}`] : []),
    `Written: ${result.outputDir}`,
    ...(result.status === 'stopped' ? ['Go on with: graft train --resume and the same config.'] : []),
  ].join('\n');
}

export const trainCommand = () =>
  command({
    name: 'train',
    description: 'Trains an adapter: one experiment, from a config file.',
    help,
    options: {
      config: option.config,
      set: collected(
        '--set <path=value>',
        'change a setting of the config, as often as needed; the value is JSON or a text',
        (value: string, before: string[] | undefined) => [...(before ?? []), value],
      ),
      labelMap: option.labelMap,
      output: option.outputDir,
      resume: flag('--resume', 'go on from the last checkpoint in the output folder'),
      overwrite: option.overwrite,
    },
    work: async (options, context) => {
      const { workspace, say } = context;
      const raw = await readConfigFile(options.config);
      if (!isFields(raw)) {
        throw fault('settings/not-an-object', { source: options.config, path: null });
      }
      const fields = { ...raw };
      for (const assignment of options.set) applySetting(fields, assignment);
      const { config, notes } = parseTrainConfig(fields, options.config);
      for (const note of [...notes, ...(await precisionNotes(config))]) say(note);

      const baseDir = dirname(resolve(options.config));
      if (options.labelMap !== undefined) {
        const { exampleOptions } = await import('../../engine/data/examples.ts');
        const files = [config.data.train, config.data.eval].filter((file) => file !== null);
        // The run keeps the map itself: what a word stands for may change with the file.
        config.data.label_map = await readLabelMap(options.labelMap, {
          files: files.map((file) => resolve(baseDir, file)),
          options: { ...exampleOptions(config.data), labelColumn: config.data.label_column },
          say,
        });
      }
      const outputDir = outputFolder(options, workspace, config.output_dir, baseDir);
      const { trainInWorkspace, runName } = await import('../workspace-run.ts');
      const { resume, overwrite } = options;
      const run = { workspace: workspace ?? null, name: runName(options.config, config) };
      const result = await trainInWorkspace(
        { ...run, options: { config, baseDir, outputDir, resume, overwrite } },
        context,
      );
      // For comparisons from outside: the peak of this process, TensorFlow included.
      const peak_memory_mb = process.resourceUsage().maxRSS / 1024;
      return {
        result: { ...result, peak_memory_mb },
        text: resultText(result),
        failed: result.status === 'stopped',
      };
    },
  });
