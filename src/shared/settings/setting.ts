import { z } from 'zod';

interface Described<Default> {
  /** What a value left out means. Null: there is none, or it follows from something else (`help` says what). */
  default: Default;
  /** One line: what the setting does, and what happens to the result when the value goes up. */
  help: string;
  /** The condition under which the setting has an effect; absent: always. */
  when?: string;
}

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
      return z.array(z.string().min(1)).min(1);
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

/** The zod schema of a set of settings: unknown names refused, defaults filled in. */
export function schemaOf<S extends Settings>(settings: S): z.ZodType<SettingsValues<S>> {
  const shape = Object.fromEntries(Object.entries(settings).map(([name, one]) => [name, settingSchema(one)]));
  // zod cannot infer an object whose shape is made from data; `SettingsValues` says what `settingSchema` builds.
  return z.strictObject(shape) as unknown as z.ZodType<SettingsValues<S>>;
}

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
    case 'record':
      return 'an object with named fields';
    case 'class weights':
      return '"balanced" or a list with a number for each class, 0 or more';
    case 'group':
      return `an object with ${Object.keys(setting.fields).join(', ')}`;
  }
}
