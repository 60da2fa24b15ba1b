import type { Settings } from '../settings/setting.ts';

/** Fields of adapter_config.json. */
export type Fields = Readonly<Record<string, unknown>>;

/** A starting point of the form. */
export interface MethodPreset {
  key: string;
  name: string;
  help: string;
  adapter: Readonly<Record<string, unknown>>;
  training: Readonly<Record<string, unknown>>;
}

/** What PEFT has of a method: how its configuration is written in files and scripts. */
export interface PeftClass {
  /** `LoraConfig` */
  name: string;
  /** Fields of the class that are no setting here, each with the value that switches it off. */
  fixed: Fields;
  /** Settings that Python writes as floats, also when they are whole. */
  floats: readonly string[];
  /** Why one of its settings does not go with another; null: they go. */
  conflict?(values: Fields): { key: string; reason: string } | null;
  /** Model types for which PEFT has targets of its own where none are named; absent: it needs none. */
  defaultTargets?: readonly string[];
  /** Settings that a script says also when they have their default. */
  said: readonly string[];
  /** Settings that mean something only beside each other; `needs`: without which these would mean something else. */
  groups: readonly { names: readonly string[]; needs?: readonly string[] }[];
}

/** A way to fine-tune, as window, backend, command line and files know it. Its arithmetic stands in engine/peft. */
export interface Method<S extends Settings = Settings> {
  /** `peft_type` in a config and in adapter_config.json. */
  type: string;
  /** In lists: "LoRA", "Head only". */
  name: string;
  /** What Graft trains by it, in the middle of a sentence: "the head alone". */
  object: string;
  /** The same as an activity: "training the head alone". */
  activity: string;
  /** What a form says where there is nothing to set. */
  description: string;
  /** With PEFT's names, defaults and ranges. */
  settings: S;
  /** null: PEFT has no such method, and what is trained is no adapter of PEFT's. */
  peft: PeftClass | null;
  /** What it adds to a module is named with one of these in front: `lora_A`. */
  parameterPrefixes: readonly string[];
  /** The weights of the model itself train: what is left is no adapter. */
  wholeModel: boolean;
  /** Several adapters of it can be added up to one. */
  combinable: boolean;
  /** Learning rates that it usually wants, one to start from, and the range in words. */
  rates: { from: number; to: number; start: number; usual: string };
  /** "LoRA r=16": in the name of a run. */
  label(fields: Fields): string;
  /** What else tells runs of it apart, in the order in which a name says it; '': nothing to say. */
  distinctions(fields: Fields): string[];
  /** "LoRA r=16, alpha 32 on query, value" */
  summary(fields: Fields): string;
  /** Settings that say what a run of it is, beside runs of other methods. */
  identifying: readonly string[];
  /** Settings that the card of an export tells. */
  onCard: readonly string[];
  /** `targets`: modules of the attention layers, as the chosen model names them. */
  presets(targets: readonly string[] | 'all-linear'): readonly MethodPreset[];
  /** Lines of Python that choose what trains, where PEFT has no class for it. `saved`: paths of modules that train whole. */
  script?(saved: readonly string[]): string[];
}

/** What the baselines have in common: nothing to set, and nothing of PEFT's. */
export const baseline = {
  settings: {},
  peft: null,
  parameterPrefixes: [],
  combinable: false,
  distinctions: () => [],
  identifying: [],
  onCard: ['modules_to_save'],
} as const satisfies Partial<Method>;
