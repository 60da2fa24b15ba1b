import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../../../engine/formats/atomic.ts';
import { headLabels } from '../../../engine/models/checkpoint-head.ts';
import { engineTask } from '../../../engine/tasks/index.ts';
import { prepareData } from '../../../engine/training/prepare-data.ts';
import { writeRunRows, type RowsTask } from '../../experiments/run-rows.ts';
import { copyName, gatherContents, type ScriptSource } from './gather.ts';
import { scriptText } from './script-text.ts';

export interface WrittenScript {
  text: string;
  /** What a person should know before starting it. */
  notes: string[];
}

/** What a thread needs to write the script of a run, and the data that it reads. */
export interface ScriptTask {
  source: ScriptSource;
  /** Rows of a data set version to write beside the script; null: the files of the config, or the hub's. */
  version: { file: string; dataName: string; trainSplit: string | null; evalSplit: string | null } | null;
  /** Where script and data go; null: only the text is wanted. */
  folder: string | null;
}

export const tasks = { write: () => runScriptTask };

/** The script of a run as a text. Throws as `gatherContents` does. */
export async function writtenScript(source: ScriptSource): Promise<WrittenScript> {
  const { contents, notes } = await gatherContents(source);
  const script = scriptText(contents);
  return { ...script, notes: [...script.notes, ...notes] };
}

/** Writes the script and its data where a folder is given. Throws `files/…` and as `gatherContents` does. */
async function runScriptTask({ source, version, folder }: ScriptTask): Promise<WrittenScript> {
  if (folder !== null && source.rows?.kind !== 'hub') await writeData(source, version, folder);
  const script = await writtenScript(source);
  if (folder !== null) await writeFileAtomic(path.join(folder, 'script.py'), script.text);
  return script;
}

async function writeData(
  source: ScriptSource,
  version: ScriptTask['version'],
  folder: string,
): Promise<void> {
  const { data } = source.config;
  if (version === null) await copyFiles(source, folder);
  else if (data.split !== null) await writeParts(source, folder);
  else {
    const part = (split: string | null): RowsTask['train'] => ({ split, select: null });
    await writeRunRows({
      file: version.file,
      dataName: version.dataName,
      folder,
      train: part(version.trainSplit),
      eval: data.eval === null ? null : part(version.evalSplit),
    });
  }
}

async function copyFiles({ config, baseDir }: ScriptSource, folder: string): Promise<void> {
  for (const name of ['train', 'eval'] as const) {
    const file = config.data[name];
    if (file !== null) await copyFile(path.resolve(baseDir, file), path.join(folder, copyName(name, file)));
  }
}

/** The rows that the run trained on, and those that it set aside. */
async function writeParts({ config, baseDir, model }: ScriptSource, folder: string): Promise<void> {
  const head = model.folder === null ? null : await headLabels(model.folder);
  const { train, eval: evaluated } = await prepareData(engineTask(config.task), config, baseDir, head);
  for (const [name, rows] of [
    ['train.jsonl', train],
    ['eval.jsonl', evaluated],
  ] as const) {
    const lines = (rows?.examples ?? []).map(({ text, textPair, label }) =>
      JSON.stringify({
        text,
        ...(textPair === undefined ? {} : { text_pair: textPair }),
        label: String(label),
      }),
    );
    await writeFileAtomic(path.join(folder, name), `${lines.join('\n')}\n`);
  }
}
