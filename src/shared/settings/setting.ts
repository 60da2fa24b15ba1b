import { z } from 'zod';
import { writtenLabelMapSchema } from '../contract/datasets.ts';

interface Described<Default> {
  /** What a value left out means. Null: there is none, or it follows from something else (`help` says what). */
  default: Default;
  /** One line: what the setting does, and what happens to the result when the value goes up. */
  help: string;
  /** What a form calls it; absent: its own name with spaces. */
  label?: string;
  /** Most people set it: a form shows it first. */
  common?: boolean;
  /** What another setting of the same section must be for this one to have an effect, or one of several; absent: always. */
  when?: Readonly<Record<string, Condition>>;
}

/** `effective`: the other one has an effect itself. */
export type Condition =
  | 'set'
  | 'left out'
  | 'a list of names'
  | 'effective'
  | { is: readonly (string | number)[] }
  | { isNot: string };

export interface NumberSetting extends Described<number | null> {
  type: 'number' | 'integer';
  min?: number;
  max?: number;
  /** Exclusive bounds. */
  above?: number;
  below?: number;
}
export interface SwitchSetting extends Described<boolean | null> {
  type: 'switch';
}
export interface ChoiceSetting extends Described<string | null> {
  type: 'choice';
  choices: readonly string[];
}
export interface TextSetting extends Described<string | null> {
  type: 'text';
}
/** A text that must be there: it has no default. */
export interface RequiredTextSetting {
  type: 'required text';
  help: string;
}
export interface TextListSetting extends Described<null> {
  type: 'text list';
  /** An empty list is a value too. */
  mayBeEmpty?: boolean;
}
/** Names, or a text that is a pattern or a word for many of them ("all-linear"). */
export interface NamesSetting extends Described<null> {
  type: 'names';
}
/** The number of a layer, or several. */
export interface LayersSetting extends Described<null> {
  type: 'layers';
}
/** A number for each of some names. */
export interface NumberMapSetting extends Described<Readonly<Record<string, never>>> {
  type: 'number map';
  whole: boolean;
  min?: number;
  max?: number;
}
/** Label values by the class that each becomes; null: rows with it have no label. */
export interface LabelMapSetting extends Described<Readonly<Record<string, never>>> {
  type: 'label map';
}
/** true, false or a word. Other words pass the schema: whoever uses the value says which it lacks. */
export interface SwitchOrChoiceSetting extends Described<boolean> {
  type: 'switch or choice';
  choices: readonly string[];
}
/** Fields of other formats, passed on as they are. */
export interface RecordSetting extends Described<Readonly<Record<string, unknown>>> {
  type: 'record';
}
export interface ClassWeightsSetting extends Described<null> {
  type: 'class weights';
}
/** Settings inside a setting. Default null: absent as a whole; default {}: each field has its own default. */
export interface GroupSetting extends Described<null | Readonly<Record<string, never>>> {
  type: 'group';
  fields: Settings;
}

export type Setting =
  | NumberSetting
  | SwitchSetting
  | ChoiceSetting
  | TextSetting
  | RequiredTextSetting
  | TextListSetting
  | NamesSetting
  | LayersSetting
  | NumberMapSetting
  | LabelMapSetting
  | SwitchOrChoiceSetting
  | RecordSetting
  | ClassWeightsSetting
  | GroupSetting;

/** Settings by name: the one description that schema, help texts and forms are made from. */
export type Settings = Readonly<{ [name: string]: Setting }>;

type OrNull<S> = S extends { default: null } ? null : never;

/** The type of a setting's value once parsed. */
export type SettingValue<S> = S extends { type: 'number' | 'integer' }
  ? number | OrNull<S>
  : S extends { type: 'switch' }
    ? boolean | OrNull<S>
    : S extends { type: 'choice'; choices: readonly (infer Choice)[] }
      ? Choice | OrNull<S>
      : S extends { type: 'text' | 'required text' }
        ? string | OrNull<S>
        : S extends { type: 'text list' }
          ? string[] | null
          : S extends { type: 'names' }
            ? string | string[] | null
            : S extends { type: 'layers' }
              ? number | number[] | null
              : S extends { type: 'number map' }
                ? Record<string, number>
                : S extends { type: 'label map' }
                  ? Record<string, string | null>
                  : S extends { type: 'switch or choice' }
                    ? boolean | string
                    : S extends { type: 'record' }
                      ? Record<string, unknown>
                      : S extends { type: 'class weights' }
                        ? 'balanced' | number[] | null
                        : S extends { type: 'group'; fields: infer Fields }
                          ? SettingsValues<Fields> | OrNull<S>
                          : never;

/** The values of a set of settings once parsed: every name present, defaults filled in. */
export type SettingsValues<S> = { -readonly [Name in keyof S]: SettingValue<S[Name]> };

function numberSchema(setting: NumberSetting): z.ZodType {
  let schema = setting.type === 'integer' ? z.number().int() : z.number();
  if (setting.min !== undefined) schema = schema.min(setting.min);
  if (setting.max !== undefined) schema = schema.max(setting.max);
  if (setting.above !== undefined) schema = schema.gt(setting.above);
  if (setting.below !== undefined) schema = schema.lt(setting.below);
  return schema;
}

function valueSchema(setting: Setting): z.ZodType {
  switch (setting.type) {
    case 'number':
    case 'integer':
      return numberSchema(setting);
    case 'switch':
      return z.boolean();
    case 'choice':
      return z.enum(setting.choices);
    case 'text':
    case 'required text':
      return z.string().min(1);
    case 'text list':
      return z.array(z.string().min(1)).min(setting.mayBeEmpty ? 0 : 1);
    case 'names':
      return z.union([z.string(), z.array(z.string())]);
    case 'layers':
      return z.union([z.int().nonnegative(), z.array(z.int().nonnegative())]);
    case 'number map': {
      const { whole, ...range } = setting;
      const number = numberSchema({ ...range, type: whole ? 'integer' : 'number', default: null });
      return z.record(z.string(), number);
    }
    case 'label map':
      return writtenLabelMapSchema;
    case 'switch or choice':
      return z.union([z.boolean(), z.string()]);
    case 'record':
      return z.record(z.string(), z.unknown());
    case 'class weights':
      return z.union([z.literal('balanced'), z.array(z.number().min(0)).min(1)]);
    case 'group':
      return schemaOf(setting.fields);
  }
}

/** The zod schema of one setting. A null in the input means the default, as a name left out does. */
function settingSchema(setting: Setting): z.ZodType {
  const schema = valueSchema(setting);
  if (setting.type === 'required text') return schema;
  // A group's defaults are those of its fields.
  if (setting.type === 'group' && setting.default !== null)
    return z.preprocess((value) => value ?? {}, schema);
  return schema.nullish().transform((value) => value ?? structuredClone(setting.default));
}

/** The zod schemas of settings by name, for objects that have other fields too. */
export function shapeOf<S extends Settings>(
  settings: S,
): { -readonly [Name in keyof S]: z.ZodType<SettingValue<S[Name]>> } {
  const shape = Object.fromEntries(Object.entries(settings).map(([name, one]) => [name, settingSchema(one)]));
  // zod cannot infer an object whose shape is made from data; `SettingValue` says what `settingSchema` builds.
  return shape as { -readonly [Name in keyof S]: z.ZodType<SettingValue<S[Name]>> };
}

/** The zod schema of a set of settings: unknown names refused, defaults filled in. */
export function schemaOf<S extends Settings>(settings: S): z.ZodType<SettingsValues<S>> {
  return z.strictObject(shapeOf(settings)) as unknown as z.ZodType<SettingsValues<S>>;
}

/** Whether a setting has an effect; `read` gives what was chosen for another one, or its default. */
export function hasEffect(setting: Setting, read: (name: string) => unknown, settings: Settings): boolean {
  const holds = (name: string, condition: Condition): boolean => {
    const value = read(name);
    const isOn = value !== null && value !== undefined && value !== false;
    if (typeof condition === 'object')
      return 'is' in condition ? condition.is.some((one) => one === value) : value !== condition.isNot;
    if (condition === 'effective') return hasEffect(settings[name]!, read, settings);
    return condition === 'a list of names' ? Array.isArray(value) : isOn === (condition === 'set');
  };
  const conditions = Object.entries(conditionsOf(setting));
  return conditions.length === 0 || conditions.some(([name, condition]) => holds(name, condition));
}

const conditionsOf = (setting: Setting): Readonly<Record<string, Condition>> =>
  ('when' in setting ? setting.when : undefined) ?? {};

/** When a setting has an effect: "lr_scheduler_type is cosine or polynomial"; empty: always. */
export function conditionText(
  setting: Setting,
  nameOf: (name: string) => string = (name) => name,
  valueOf: (value: string | number) => string = String,
): string {
  const conditions = Object.entries(conditionsOf(setting));
  const one = (condition: Condition): string => {
    if (typeof condition === 'object')
      return 'is' in condition
        ? `is ${condition.is.map(valueOf).join(' or ')}`
        : `is not ${valueOf(condition.isNot)}`;
    return condition === 'effective' ? 'has an effect' : `is ${condition}`;
  };
  // Of several each is said briefly.
  const brief = (condition: Condition): string => one(condition).replace(/^is (set)?/, '');
  const parts = conditions.map(([name, condition]) =>
    `${nameOf(name)} ${conditions.length === 1 ? one(condition) : brief(condition)}`.trimEnd(),
  );
  return parts.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** What a setting is when nothing was chosen. */
export const defaultOf = (setting: Setting): unknown => ('default' in setting ? setting.default : null);

/** Every setting's default, by name. */
export const defaultsOf = (settings: Settings): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, defaultOf(setting)]));

/** What a setting takes, in words: "a whole number, 1 or more". */
export function rangeText(setting: Setting): string {
  switch (setting.type) {
    case 'number':
    case 'integer': {
      const { above, min, below, max } = setting;
      const lower = above !== undefined ? `above ${above}` : min !== undefined ? `${min} or more` : null;
      const upper = below !== undefined ? `below ${below}` : max !== undefined ? `at most ${max}` : null;
      const bounds = [lower, upper].filter((bound) => bound !== null).join(' and ');
      const kind = setting.type === 'integer' ? 'a whole number' : 'a number';
      return bounds === '' ? kind : `${kind}, ${bounds}`;
    }
    case 'switch':
      return 'true or false';
    case 'choice':
      return `one of ${setting.choices.map((choice) => `"${choice}"`).join(', ')}`;
    case 'text':
    case 'required text':
      return 'a text';
    case 'text list':
      return 'a list of texts';
    case 'names':
      return 'a list of names, or a text';
    case 'layers':
      return 'a whole number or a list of them, 0 or more';
    case 'number map':
      return `an object with ${setting.whole ? 'a whole number' : 'a number'} for each name`;
    case 'label map':
      return 'an object with a class, or null for no label, for each value';
    case 'switch or choice':
      return `true, false or ${setting.choices.map((choice) => `"${choice}"`).join(', ')}`;
    case 'record':
      return 'an object with named fields';
    case 'class weights':
      return '"balanced" or a list with a number for each class, 0 or more';
    case 'group':
      return `an object with ${Object.keys(setting.fields).join(', ')}`;
  }
}
