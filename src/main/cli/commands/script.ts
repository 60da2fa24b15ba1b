import { existsSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { Fault } from '../../../shared/faults/index.ts';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { writeFileAtomic } from '../../engine/formats/atomic.ts';
import { command } from '../command.ts';
import { readConfigFile } from '../config-file.ts';
import { option, text } from '../options.ts';

const help = `
The script does with transformers, peft and datasets what graft train does with the config. It names the config's data
files from the folder of FILE.

Examples:
  graft script --config run.json
  graft script --config run.json --output run.py`;

/** A folder, from that of the config; else a hub id, whose files are looked at where the cache has them. */
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

export const scriptCommand = () =>
  command({
    name: 'script',
    description: 'Writes an experiment as a Python script.',
    help,
    options: {
      config: option.config,
      output: text('--output <FILE>', 'write the script to FILE instead of stdout'),
    },
    work: async ({ config: file, output }, context) => {
      const { config, notes } = parseTrainConfig(await readConfigFile(file), file);
      for (const note of notes) context.say(note);
      const baseDir = dirname(resolve(file));
      const { writtenScript } = await import('../../backend/scripts/write/write-script.ts');
      const script = await writtenScript({
        title: basename(file, extname(file)),
        config,
        baseDir,
        model: await modelOf(config.model, baseDir),
        rows: null,
        scriptDir: output === undefined ? process.cwd() : dirname(resolve(output)),
        data: {},
        measured: null,
      });
      for (const note of script.notes) context.say(note);
      if (output === undefined) return { result: script, text: script.text.trimEnd() };
      await writeFileAtomic(resolve(output), script.text);
      return { result: { ...script, output: resolve(output) }, text: `Written: ${output}` };
    },
  });
