import { conditionText, type Setting, type Settings } from '../../shared/settings/setting.ts';

function initial(setting: Setting): string {
  if (setting.type === 'required text') return 'required';
  if (setting.type === 'group' || setting.type === 'record') return '';
  return setting.default === null ? '-' : JSON.stringify(setting.default);
}

/** A line a setting: name, default, help; for the end of `--help`. */
export function settingsHelp(settings: Settings): string {
  const rows = Object.entries(settings).flatMap(([name, setting]): [string, string, string][] => [
    [name, initial(setting), helpText(setting)],
    ...(setting.type === 'group'
      ? Object.entries(setting.fields).map(([inner, one]): [string, string, string] => [
          `${name}.${inner}`,
          initial(one),
          helpText(one),
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
