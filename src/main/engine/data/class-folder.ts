import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Fault, fault } from '../../../shared/faults/index.ts';
import type { Table, TableOptions, TableRow } from './table-types.ts';
import { openText, readText } from './text-source.ts';

const TEXT_FILE = /\.(txt|text|md)$/i;
const MOST_FILES = 500_000;
/** A text of a folder is read whole. */
const MOST_CHARACTERS = 2 ** 24;

interface TextFile {
  label: string;
  /** Of folders such as `train/pos/1.txt`. */
  split: string | null;
  path: string;
}

/**
 * A folder with one folder a class, of text files (`pos/1.txt`, `neg/2.txt`), or with such folders for each split
 * (`train/pos/1.txt`): columns `text`, `label`, `file` and, for the latter, `split`. Throws `data/folder`.
 */
export async function openClassFolder(folder: string, options: TableOptions): Promise<Table> {
  const files = await textFiles(folder);
  if (files.length === 0) throw fault('data/folder', { folder });
  const hasSplits = files.some(({ split }) => split !== null);
  async function* rows(): AsyncGenerator<TableRow> {
    for (const [i, { path, label, split }] of files.entries()) {
      const text = await textOf(path, options);
      yield {
        row: i + 1,
        values: { text, label, file: basename(path), ...(hasSplits && { split: split ?? '' }) },
      };
    }
  }
  return {
    file: folder,
    format: 'folder',
    columns: ['text', 'label', 'file', ...(hasSplits ? ['split'] : [])],
    header: true,
    encoding: options.encoding ?? 'utf-8',
    notes: [],
    count: files.length,
    rows,
  };
}

async function textOf(path: string, { encoding }: TableOptions): Promise<string> {
  let text = '';
  try {
    for await (const chunk of readText(await openText(path, encoding === undefined ? {} : { encoding }))) {
      text += chunk;
      if (text.length > MOST_CHARACTERS) {
        throw fault('data/text-too-long', { file: path, megabytes: MOST_CHARACTERS / 2 ** 20 });
      }
    }
  } catch (error) {
    // An empty file is a row without a text.
    if (error instanceof Fault && error.code === 'data/empty') return '';
    throw error;
  }
  return text.trim();
}

async function textFiles(folder: string): Promise<TextFile[]> {
  const files: TextFile[] = [];
  for (const name of await foldersIn(folder)) {
    const inside = join(folder, name);
    await addFiles(files, inside, name, null);
    for (const label of await foldersIn(inside)) await addFiles(files, join(inside, label), label, name);
  }
  return files;
}

async function addFiles(
  files: TextFile[],
  folder: string,
  label: string,
  split: string | null,
): Promise<void> {
  const names = (await readdir(folder, { withFileTypes: true })).filter(
    (entry) => entry.isFile() && TEXT_FILE.test(entry.name),
  );
  const order = new Intl.Collator('en', { numeric: true }).compare;
  for (const name of names.map((entry) => entry.name).sort(order)) {
    if (files.length === MOST_FILES) throw fault('data/folder-files', { folder, most: MOST_FILES });
    files.push({ label, split, path: join(folder, name) });
  }
}

/** What a dot hides, and links, are left out. */
async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();
}
