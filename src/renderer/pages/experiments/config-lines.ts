import { stringify } from 'yaml';
import { isFields, type Fields } from '../../../shared/fields.ts';
import { methodOf } from '../../../shared/methods/index.ts';
import type { Settings } from '../../../shared/settings/setting.ts';
import { configSettings } from '../../../shared/settings/train-config.ts';
import { textOfValue } from '../../forms/field-text.ts';

/** One setting of a configuration as it ran. */
export interface ConfigLine {
  /** "training.learning_rate" */
  path: string;
  name: string;
  /** "training"; empty at the top. */
  section: string;
  value: string;
  changed: boolean;
  help: string | null;
}

function helpOf(path: readonly string[], adapter: unknown): string | null {
  let settings: Settings = configSettings;
  let help: string | null = null;
  for (const name of path) {
    const setting = settings[name];
    if (!setting) return null;
    help = setting.help;
    if (setting.type === 'group') settings = setting.fields;
    else
      settings =
        name === 'adapter' && isFields(adapter) ? (methodOf(adapter['peft_type'])?.settings ?? {}) : {};
  }
  return help;
}

/** A configuration as lines; `changed`: paths whose value is not the default. */
export function configLines(config: Fields, changed: readonly string[]): ConfigLine[] {
  const differs = (path: string) => changed.some((one) => one === path || one.startsWith(`${path}.`));
  const lines = (fields: Fields, before: readonly string[]): ConfigLine[] =>
    Object.entries(fields).flatMap(([name, value]): ConfigLine[] => {
      const path = [...before, name];
      if (isFields(value) && Object.keys(value).length > 0 && path.length < 3) return lines(value, path);
      const joined = path.join('.');
      const [section = ''] = before;
      const text = value === null ? '' : textOfValue(value);
      // A space is a value too, and is seen in quotes only.
      const shown = text === '' ? '—' : text.trim() === '' ? JSON.stringify(text) : text;
      return [
        {
          path: joined,
          name: path.slice(section === '' ? 0 : 1).join('.'),
          section,
          value: shown,
          changed: differs(joined),
          help: helpOf(path, config['adapter']),
        },
      ];
    });
  return lines(config, []);
}

/** The lines whose name, value or help hold each of the words. */
export function searchLines(lines: readonly ConfigLine[], query: string, changedOnly: boolean): ConfigLine[] {
  const words = query.toLowerCase().split(/\s+/);
  return lines.filter(
    (line) =>
      (!changedOnly || line.changed) &&
      words.every((word) => `${line.path} ${line.value} ${line.help ?? ''}`.toLowerCase().includes(word)),
  );
}

/** A config file for `graft train`: what is null has its default and is left out. */
export function configFile(config: Fields, format: 'json' | 'yaml'): string {
  const given = withoutNulls(config);
  return format === 'json' ? `${JSON.stringify(given, null, 2)}\n` : stringify(given);
}

function withoutNulls(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => [name, isFields(value) ? withoutNulls(value) : value]),
  );
}
