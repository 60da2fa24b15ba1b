import { describe, expect, it } from 'vitest';
import { methods } from '../methods/index.ts';
import { lora } from '../methods/lora.ts';
import { nearestName } from './nearest.ts';
import { conditionText, rangeText, schemaOf, type Settings } from './setting.ts';
import { configSettings } from './train-config.ts';
import { trainingSettings } from './training.ts';

/** Every described setting, groups included, by its path. */
function everySetting(settings: Settings, prefix = ''): [string, Settings[string]][] {
  return Object.entries(settings).flatMap(([name, one]): [string, Settings[string]][] => [
    [prefix + name, one],
    ...(one.type === 'group' ? everySetting(one.fields, `${prefix}${name}.`) : []),
  ]);
}

describe('settings', () => {
  it.each([
    ...everySetting(configSettings),
    ...methods.flatMap(({ settings }) => everySetting(settings, 'adapter.')),
  ])('%s has a one-line help and a default within its range', (name, setting) => {
    expect(setting.help).toMatch(/^[^\n]{15,130}[.]$/);
    if (setting.type === 'required text' || setting.type === 'group' || setting.default === null) return;
    expect(schemaOf({ [name]: setting }).parse({ [name]: setting.default })).toEqual({
      [name]: setting.default,
    });
  });

  it('have conditions on settings beside them, said in a sentence', () => {
    const check = (settings: Settings, around = settings): string[] =>
      Object.values(settings).flatMap((setting) => {
        const names = 'when' in setting ? Object.keys(setting.when ?? {}) : [];
        expect(Object.keys(around)).toEqual(expect.arrayContaining(names));
        const inside = setting.type === 'group' ? setting.fields : {};
        return [
          conditionText(setting),
          ...check(inside, setting.type === 'group' && names.length === 0 ? inside : around),
        ];
      });
    const texts = [configSettings.data.fields, trainingSettings, lora.settings].flatMap((one) => check(one));
    expect(new Set(texts)).toEqual(
      new Set([
        '',
        'text_columns is set',
        'eval is set',
        'eval is left out',
        'max_steps is -1',
        'loraplus_lr_ratio is set',
        'lr_scheduler_type is cosine or polynomial',
        'lr_scheduler_type is polynomial',
        'lr_scheduler_type is cosine',
        'lr_scheduler_type is not constant',
        'eval_strategy is steps',
        'save_strategy is steps',
        'eval_strategy is not no',
        'load_best_model_at_end, early_stopping_patience or save_strategy best',
        'metric_for_best_model has an effect',
        'early_stopping_patience is set',
        'target_modules is a list of names',
        'layers_to_transform is set',
      ]),
    );
  });

  it('take what PEFT takes for an adapter', () => {
    const parse = (fields: object) => schemaOf(lora.settings).safeParse(fields).success;
    expect(parse({ target_modules: 'all-linear', layers_to_transform: 3, modules_to_save: [] })).toBe(true);
    expect(parse({ rank_pattern: { query: 4 }, alpha_pattern: { query: 0.5 } })).toBe(true);
    expect(parse({ init_lora_weights: 'gaussian' })).toBe(true);
    expect(parse({ rank_pattern: { query: 0.5 } })).toBe(false);
    expect(parse({ layers_to_transform: [-1] })).toBe(false);
    expect(parse({ r: 0 })).toBe(false);
  });

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
