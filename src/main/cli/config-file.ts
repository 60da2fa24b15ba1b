import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fault } from '../../shared/faults/index.ts';
import { isFields, type Fields } from '../../shared/fields.ts';
import { JsonError, parseJson } from '../engine/formats/json.ts';
import { YamlError, parseYaml } from '../engine/formats/yaml.ts';
import { writtenLabelMapSchema, type LabelCount, type LabelMapping } from '../../shared/contract/datasets.ts';
import { mapText, readLabelColumn } from '../../shared/label-column.ts';
import type { ExampleOptions } from '../engine/data/examples.ts';

/** Reads a config: `.json` as JSON, anything else as YAML. Throws `files/missing`, `cli/config-syntax`. */
export async function readConfigFile(file: string): Promise<unknown> {
  const text = await readText(file);
  try {
    return extname(file) === '.json' ? parseJson(text, { maxDepth: 64, unique: true }) : parseYaml(text);
  } catch (error) {
    if (error instanceof JsonError || error instanceof YamlError) {
      const reason = error.message.split('\n')[0]!.replace(/[.:]$/, '');
      throw fault('cli/config-syntax', { file, reason }, error);
    }
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT') throw fault('files/missing', { file }, error);
    throw fault('files/unreadable', { file, reason: code || String(error) }, error);
  }
}

/**
 * Applies `path=value` to a config, in place: `training.learning_rate=1e-3`. The value is JSON where it parses as
 * JSON, else a text; objects on the way are made. Throws `cli/set`.
 */
export function applySetting(config: Fields, assignment: string): void {
  const at = assignment.indexOf('=');
  const keys = assignment.slice(0, Math.max(0, at)).split('.');
  if (at < 1 || keys.some((key) => key === '' || key === '__proto__')) throw fault('cli/set', { assignment });
  let target = config;
  for (const key of keys.slice(0, -1)) {
    const next = Object.hasOwn(target, key) ? target[key] : undefined;
    if (next != null && !isFields(next)) throw fault('cli/set-inside', { assignment, key });
    const inner: Fields = next ?? {};
    target[key] = inner;
    target = inner;
  }
  target[keys.at(-1)!] = jsonOrText(assignment.slice(at + 1));
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

type LabelledOptions = ExampleOptions & { labelColumn: string };

/**
 * The value of --label-map: JSON, a file, or `proposed`, for what Graft makes of the label columns of `files`. Throws
 * `cli/label-map` and what reading the files throws; a proposed map is said.
 */
export async function readLabelMap(
  given: string,
  {
    files,
    options,
    say,
  }: { files: readonly string[]; options: LabelledOptions; say: (message: string) => void },
): Promise<LabelMapping> {
  if (given === 'proposed') {
    const map = await proposedMap(files, options);
    say(
      Object.keys(map).length === 0
        ? 'Every label is taken as it is.'
        : `Labels are read as: ${mapText(map)}.`,
    );
    return map;
  }
  const value = given.trim().startsWith('{') ? jsonOf(given) : await readConfigFile(given);
  const parsed = writtenLabelMapSchema.safeParse(value);
  if (!parsed.success) throw fault('cli/label-map', { given });
  return parsed.data;
}

async function proposedMap(files: readonly string[], options: LabelledOptions): Promise<LabelMapping> {
  const { countLabelValues } = await import('../engine/data/examples.ts');
  const rows = new Map<string, number>();
  for (const file of files) {
    const { counts } = await countLabelValues(file, options);
    for (const { value, rows: n } of counts) rows.set(value, (rows.get(value) ?? 0) + n);
  }
  const counts: LabelCount[] = Array.from(rows, ([value, n]) => ({ value, rows: n }));
  return readLabelColumn(counts, options.labelColumn).proposed;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault('cli/label-map', { given: text }, error);
  }
}
