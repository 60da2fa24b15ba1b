import { basename, dirname, extname, join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { fault } from '../../../shared/faults/index.ts';
import { loraSettings } from '../../../shared/settings/adapter.ts';
import {
  configSettings,
  dataSettings,
  parseTrainConfig,
  type TrainConfig,
} from '../../../shared/settings/train-config.ts';
import { trainingSettings } from '../../../shared/settings/training.ts';
import type { TrainResult } from '../../engine/jobs.ts';
import { setWork, type Work } from '../command.ts';
import { applySetting, readConfigFile } from '../config-file.ts';
import { count, duration } from '../format.ts';
import { readLabelMap } from '../io/label-map.ts';
import { option } from '../options.ts';
import { settingsHelp } from '../settings-help.ts';

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
${settingsHelp(Object.fromEntries(Object.entries(configSettings).filter(([, one]) => one.type !== 'group')))}

Settings under "data":
${settingsHelp(dataSettings)}

Settings under "adapter" with peft_type LORA, named as in PEFT's LoraConfig; HEAD_ONLY and FULL have none:
${settingsHelp(loraSettings)}

Settings under "training", named as in transformers' TrainingArguments:
${settingsHelp(trainingSettings)}`;

const values = z.object({
  config: z.string(),
  set: z.array(z.string()).default([]),
  output: z.string().optional(),
  labelMap: z.string().optional(),
  resume: z.boolean().default(false),
  overwrite: z.boolean().default(false),
  workspace: z.string().optional(),
});

const work: Work = async (given, context) => {
  const options = values.parse(given);
  const raw = await readConfigFile(options.config);
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    throw fault('settings/not-an-object', { source: options.config, path: null });
  }
  const fields = { ...raw };
  for (const assignment of options.set) applySetting(fields, assignment);
  const { config, notes } = parseTrainConfig(fields, options.config);
  for (const note of [...notes, ...(await precisionNotes(config))]) context.say(note);

  const baseDir = dirname(resolve(options.config));
  if (options.labelMap !== undefined) {
    const { exampleOptions } = await import('../../engine/data/examples.ts');
    const files = [config.data.train, config.data.eval].filter((file) => file !== null);
    // The run keeps the map itself: what a word stands for may change with the file.
    config.data.label_map = await readLabelMap(options.labelMap, {
      files: files.map((file) => resolve(baseDir, file)),
      options: { ...exampleOptions(config.data), labelColumn: config.data.label_column },
      say: context.say,
    });
  }
  const outputDir = outputFolder(options, config.output_dir, baseDir);
  const { trainInWorkspace, runName } = await import('../workspace-run.ts');
  const { resume, overwrite, workspace = null } = options;
  const run = { workspace, name: runName(options.config, config) };
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
};

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
function outputFolder(options: z.infer<typeof values>, outputDir: string | null, baseDir: string): string {
  if (options.output !== undefined) return resolve(options.output);
  if (outputDir !== null) return resolve(baseDir, outputDir);
  if (options.workspace === undefined) throw fault('cli/usage-output', { config: options.config });
  return resolve(join(options.workspace, 'experiments', basename(options.config, extname(options.config))));
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

export function trainCommand(): Command {
  const command = new Command('train')
    .description('Trains an adapter: one experiment, from a config file.')
    .addOption(new Option('--config <FILE>', 'the experiment, as JSON or YAML').makeOptionMandatory())
    .addOption(
      new Option(
        '--set <path=value>',
        'change a setting of the config, as often as needed; the value is JSON or a text',
      ).argParser((value: string, previous: string[] | undefined) => [...(previous ?? []), value]),
    )
    .addOption(option.labelMap())
    .addOption(option.outputDir())
    .addOption(new Option('--resume', 'go on from the last checkpoint in the output folder'))
    .addOption(option.overwrite())
    .addHelpText('after', help);
  return setWork(command, work);
}
