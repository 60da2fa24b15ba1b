import { existsSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { Fault } from '../../../shared/faults/index.ts';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { writeFileAtomic } from '../../engine/formats/atomic.ts';
import { setWork, type Work } from '../command.ts';
import { readConfigFile } from '../config-file.ts';

const help = `
The script does with transformers, peft and datasets what graft train does with the config. It names the config's data
files from the folder of FILE.

Examples:
  graft script --config run.json
  graft script --config run.json --output run.py`;

const values = z.object({ config: z.string(), output: z.string().optional() });

const work: Work = async (given, context) => {
  const options = values.parse(given);
  const { config, notes } = parseTrainConfig(await readConfigFile(options.config), options.config);
  for (const note of notes) context.say(note);
  const baseDir = dirname(resolve(options.config));
  const { writtenScript } = await import('../../backend/scripts/write/write-script.ts');
  const script = await writtenScript({
    title: basename(options.config, extname(options.config)),
    config,
    baseDir,
    model: await modelOf(config.model, baseDir),
    rows: null,
    scriptDir: options.output === undefined ? process.cwd() : dirname(resolve(options.output)),
    data: {},
    measured: null,
  });
  for (const note of script.notes) context.say(note);
  if (options.output === undefined) return { result: script, text: script.text.trimEnd() };
  await writeFileAtomic(resolve(options.output), script.text);
  return { result: { ...script, output: resolve(options.output) }, text: `Written: ${options.output}` };
};

/** A folder from the config's place; else a hub id, whose files are looked at where the cache has them. */
async function modelOf(
  model: string,
  baseDir: string,
): Promise<{ name: string; revision: string | null; folder: string | null }> {
  const folder = resolve(baseDir, model);
  if (existsSync(folder)) return { name: folder, revision: null, folder };
  const [name = model, revision = null] = model.split('@');
  const { resolveModel } = await import('../../engine/hub/resolve-model.ts');
  try {
    const cached = await resolveModel(model, { env: { ...process.env, HF_HUB_OFFLINE: '1' } });
    return { name, revision, folder: cached };
  } catch (error) {
    // Nothing is fetched for the sake of a text.
    if (error instanceof Fault && error.code === 'hub/offline') return { name, revision, folder: null };
    throw error;
  }
}

export function scriptCommand(): Command {
  const command = new Command('script')
    .description('Writes an experiment as a Python script.')
    .addOption(new Option('--config <FILE>', 'the experiment, as JSON or YAML').makeOptionMandatory())
    .addOption(new Option('--output <FILE>', 'write the script to FILE instead of stdout'))
    .addHelpText('after', help);
  return setWork(command, work);
}
