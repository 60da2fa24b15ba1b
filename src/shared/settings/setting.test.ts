import { describe, expect, it } from 'vitest';
import { nearestName } from './nearest.ts';
import { rangeText, schemaOf, type Settings } from './setting.ts';
import { configSettings } from './train-config.ts';

/** Every described setting, groups included, by its path. */
function everySetting(settings: Settings, prefix = ''): [string, Settings[string]][] {
  return Object.entries(settings).flatMap(([name, one]): [string, Settings[string]][] => [
    [prefix + name, one],
    ...(one.type === 'group' ? everySetting(one.fields, `${prefix}${name}.`) : []),
  ]);
}

describe('settings', () => {
  it.each(everySetting(configSettings))(
    '%s has a one-line help and a default within its range',
    (name, setting) => {
      expect(setting.help).toMatch(/^[^\n]{15,130}[.]$/);
      if (setting.type === 'required text' || setting.type === 'group' || setting.default === null) return;
      expect(schemaOf({ [name]: setting }).parse({ [name]: setting.default })).toEqual({
        [name]: setting.default,
      });
    },
  );

  it('says in words what a number may be', () => {
    expect(rangeText({ type: 'integer', default: 1, min: 1, help: '' })).toBe('a whole number, 1 or more');
    expect(rangeText({ type: 'number', default: 1, above: 0, below: 1, help: '' })).toBe(
      'a number, above 0 and below 1',
    );
    expect(rangeText({ type: 'number', default: 1, min: 0, max: 1, help: '' })).toBe(
      'a number, 0 or more and at most 1',
    );
  });

  it('does not share default values between configs', () => {
    const schema = schemaOf({ extra: { type: 'record', default: {}, help: '' } });
    expect(schema.parse({})['extra']).not.toBe(schema.parse({})['extra']);
  });
});

describe('nearestName', () => {
  it('finds a misspelt name and nothing for a foreign one', () => {
    expect(nearestName('learning-rate', ['learning_rate', 'seed'])).toBe('learning_rate');
    expect(nearestName('Sed', ['learning_rate', 'seed'])).toBe('seed');
    expect(nearestName('zzzz', ['learning_rate', 'seed'])).toBeNull();
  });
});
