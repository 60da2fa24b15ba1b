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

/** Bounds of a number; `above` and `below` are exclusive. */
interface Range {
  min?: number;
  max?: number;
  above?: number;
  below?: number;
}

/** Every kind of setting: the value that it has once parsed, its default, and what describes it further. */
interface Kinds {
  number: { value: number; default: number | null; more: Range };
  integer: { value: number; default: number | null; more: Range };
  switch: { value: boolean; default: boolean | null; more: object };
  choice: { value: string; default: string | null; more: { choices: readonly string[] } };
  text: { value: string; default: string | null; more: object };
  /** An empty list is a value too where it `mayBeEmpty`. */
  'text list': { value: string[]; default: null; more: { mayBeEmpty?: boolean } };
  'integer list': { value: number[]; default: null; more: object };
  /** Names, or a text that is a pattern or a word for many of them ("all-linear"). */
  names: { value: string | string[]; default: null; more: object };
  /** The number of a layer, or several. */
  layers: { value: number | number[]; default: null; more: object };
  /** A number for each of some names. */
  'number map': { value: Record<string, number>; default: Empty; more: { integer: boolean } & Range };
  /** Label values by the class that each becomes; null: rows with it have no label. */
  'label map': { value: Record<string, string | null>; default: Empty; more: object };
  /** true, false or a word. Other words pass the schema: whoever uses the value says which it lacks. */
  'switch or choice': { value: boolean | string; default: boolean; more: { choices: readonly string[] } };
  /** Fields of other formats, passed on as they are. */
  record: { value: Record<string, unknown>; default: Readonly<Record<string, unknown>>; more: object };
  'class weights': { value: 'balanced' | number[]; default: null; more: object };
  /** Settings inside a setting. Default null: absent as a whole; default {}: each field has its own default. */
  group: { value: Record<string, unknown>; default: null | Empty; more: { fields: Settings } };
}
type Empty = Readonly<Record<string, never>>;
type SettingOf<Kind extends keyof Kinds> = { type: Kind } & Described<Kinds[Kind]['default']> &
  Kinds[Kind]['more'];

/** A text that must be there: it has no default. */
interface RequiredTextSetting {
  type: 'required text';
  help: string;
}
export type Setting = { [Kind in keyof Kinds]: SettingOf<Kind> }[keyof Kinds] | RequiredTextSetting;

/** Settings by name: the one description that schema, help texts and forms are made from. */
export type Settings = Readonly<{ [name: string]: Setting }>;

type OrNull<S> = S extends { default: null } ? null : never;

/** The type of a setting's value once parsed. */
export type SettingValue<S> = S extends { type: 'required text' }
  ? string
  : S extends { type: 'choice'; choices: readonly (infer Choice)[] }
    ? Choice | OrNull<S>
    : S extends { type: 'group'; fields: infer Fields }
      ? SettingsValues<Fields> | OrNull<S>
      : S extends { type: infer Kind extends keyof Kinds }
        ? Kinds[Kind]['value'] | OrNull<S>
        : never;

/** The values of a set of settings once parsed: every name present, defaults filled in. */
export type SettingsValues<S> = { -readonly [Name in keyof S]: SettingValue<S[Name]> };

function numberSchema({ min, max, above, below }: Range, isWhole: boolean): z.ZodType {
  let schema = isWhole ? z.number().int() : z.number();
  if (min !== undefined) schema = schema.min(min);
  if (max !== undefined) schema = schema.max(max);
  if (above !== undefined) schema = schema.gt(above);
  if (below !== undefined) schema = schema.lt(below);
  return schema;
}

/** "a whole number, 1 or more" */
function numberText({ min, max, above, below }: Range, isWhole: boolean): string {
  const lower = above !== undefined ? `above ${above}` : min !== undefined ? `${min} or more` : null;
  const upper = below !== undefined ? `below ${below}` : max !== undefined ? `at most ${max}` : null;
  const bounds = [lower, upper].filter((bound) => bound !== null).join(' and ');
  const kind = isWhole ? 'a whole number' : 'a number';
  return bounds === '' ? kind : `${kind}, ${bounds}`;
}

const quoted = (choices: readonly string[]): string => choices.map((choice) => `"${choice}"`).join(', ');
const text = { schema: () => z.string().min(1), range: () => 'a text' };

/** What a setting of each kind takes: the schema of a value, and its words. */
const kinds: {
  [Kind in Setting['type']]: {
    schema(setting: Extract<Setting, { type: Kind }>): z.ZodType;
    range(setting: Extract<Setting, { type: Kind }>): string;
  };
} = {
  number: {
    schema: (setting) => numberSchema(setting, false),
    range: (setting) => numberText(setting, false),
  },
  integer: {
    schema: (setting) => numberSchema(setting, true),
    range: (setting) => numberText(setting, true),
  },
  switch: { schema: () => z.boolean(), range: () => 'true or false' },
  choice: { schema: ({ choices }) => z.enum(choices), range: ({ choices }) => `one of ${quoted(choices)}` },
  text,
  'required text': text,
  'text list': {
    schema: ({ mayBeEmpty }) => z.array(z.string().min(1)).min(mayBeEmpty ? 0 : 1),
    range: () => 'a list of texts',
  },
  'integer list': {
    schema: () => z.array(z.int().nonnegative()).min(1),
    range: () => 'a list of whole numbers, 0 or more',
  },
  names: {
    schema: () => z.union([z.string(), z.array(z.string())]),
    range: () => 'a list of names, or a text',
  },
  layers: {
    schema: () => z.union([z.int().nonnegative(), z.array(z.int().nonnegative())]),
    range: () => 'a whole number or a list of them, 0 or more',
  },
  'number map': {
    schema: (setting) => z.record(z.string(), numberSchema(setting, setting.integer)),
    range: ({ integer }) => `an object with ${integer ? 'a whole number' : 'a number'} for each name`,
  },
  'label map': {
    schema: () => writtenLabelMapSchema,
    range: () => 'an object with a class, or null for no label, for each value',
  },
  'switch or choice': {
    schema: () => z.union([z.boolean(), z.string()]),
    range: ({ choices }) => `true, false or ${quoted(choices)}`,
  },
  record: { schema: () => z.record(z.string(), z.unknown()), range: () => 'an object with named fields' },
  'class weights': {
    schema: () => z.union([z.literal('balanced'), z.array(z.number().min(0)).min(1)]),
    range: () => '"balanced" or a list with a number for each class, 0 or more',
  },
  group: {
    schema: ({ fields }) => schemaOf(fields),
    range: ({ fields }) => `an object with ${Object.keys(fields).join(', ')}`,
  },
};

/** The kind's own description is of exactly its settings. */
const kindOf = (setting: Setting): { schema(setting: Setting): z.ZodType; range(setting: Setting): string } =>
  kinds[setting.type];

/** The zod schema of one setting. A null in the input means the default, as a name left out does. */
function settingSchema(setting: Setting): z.ZodType {
  const schema = kindOf(setting).schema(setting);
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
  const shape = Object.fromEntries(
    Object.entries(settings).map(([name, setting]) => [name, settingSchema(setting)]),
  );
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
      return 'is' in condition ? condition.is.some((known) => known === value) : value !== condition.isNot;
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
  const phrase = (condition: Condition): string => {
    if (typeof condition === 'object')
      return 'is' in condition
        ? `is ${condition.is.map(valueOf).join(' or ')}`
        : `is not ${valueOf(condition.isNot)}`;
    return condition === 'effective' ? 'has an effect' : `is ${condition}`;
  };
  // Of several each is said briefly.
  const brief = (condition: Condition): string => phrase(condition).replace(/^is (set)?/, '');
  const parts = conditions.map(([name, condition]) =>
    `${nameOf(name)} ${conditions.length === 1 ? phrase(condition) : brief(condition)}`.trimEnd(),
  );
  return parts.join(', ').replace(/, ([^,]*)$/, ' or $1');
}

/** What a setting is when nothing was chosen. */
export const defaultOf = (setting: Setting): unknown => ('default' in setting ? setting.default : null);

/** Every setting's default, by name. */
export const defaultsOf = (settings: Settings): Record<string, unknown> =>
  Object.fromEntries(Object.entries(settings).map(([name, setting]) => [name, defaultOf(setting)]));

/** What a setting takes, in words: "a whole number, 1 or more". */
export const rangeText = (setting: Setting): string => kindOf(setting).range(setting);
