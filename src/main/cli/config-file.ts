import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { fault } from '../../shared/faults/index.ts';
import { JsonError, parseJson } from '../engine/formats/json.ts';
import { YamlError, parseYaml } from '../engine/formats/yaml.ts';

type Fields = Record<string, unknown>;

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

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
