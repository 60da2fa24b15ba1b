import { full } from './full.ts';
import { headOnly } from './head-only.ts';
import { lora } from './lora.ts';
import type { Fields, Method } from './method.ts';

/** Every way to fine-tune, in the order in which they are offered. engine/peft/methods.ts has their arithmetic. */
export const methods: readonly Method[] = [lora, headOnly, full];

/** Trained where nothing else is said. */
export const defaultMethod: Method = lora;
/** What a script trains that makes no adapter and freezes nothing. */
export const plainMethod: Method = full;
/** What a script trains that freezes the encoder. */
export const frozenMethod: Method = headOnly;

/** Methods of PEFT that Graft knows and does not train, by the class of their configuration. */
const laterMethods: Readonly<Record<string, string>> = {
  IA3Config: 'IA3',
  AdaLoraConfig: 'ADALORA',
  PrefixTuningConfig: 'PREFIX_TUNING',
  PromptTuningConfig: 'PROMPT_TUNING',
  PromptEncoderConfig: 'P_TUNING',
  VeraConfig: 'VERA',
  LoHaConfig: 'LOHA',
  LoKrConfig: 'LOKR',
  OFTConfig: 'OFT',
  BOFTConfig: 'BOFT',
};

/** The types that can be trained, as refusals list them. */
export const methodTypes = (): string[] => methods.map(({ type }) => type);

/** undefined: no method of that `peft_type` is known. */
export const methodOf = (type: unknown): Method | undefined => methods.find((method) => method.type === type);

/** The method that a class of PEFT configures. */
export const methodOfClass = (name: string): Method | undefined =>
  methods.find(({ peft }) => peft?.name === name);

/** The `peft_type` behind a class of PEFT that Graft does not train; undefined: it trains it, or it is none. */
export const laterTypeOfClass = (name: string): string | undefined =>
  methodOfClass(name) || !Object.hasOwn(laterMethods, name) ? undefined : laterMethods[name];

/** Whether a `peft_type` is one of PEFT's that Graft does not train. */
export const isLaterType = (type: unknown): boolean =>
  methodOf(type) === undefined && Object.values(laterMethods).some((later) => later === type);

/** "LoRA" for `LORA`; what is not known is called as it is. */
export const methodName = (type: string): string => methodOf(type)?.name ?? type;

/** "LoRA r=16", "head only" */
export const methodLabel = (fields: Fields): string =>
  methodOf(fields['peft_type'])?.label(fields) ?? String(fields['peft_type']);

/** The rank that a list tells of an adapter; null: its method has none. */
export function rankOf(type: string, rank: number | null | undefined): number | null {
  return Object.hasOwn(methodOf(type)?.settings ?? {}, 'r') ? (rank ?? null) : null;
}

/** "LoRA r=16", "Head only": in a list. */
export const methodText = (type: string, rank: number | null): string => {
  const known = rankOf(type, rank);
  return known === null ? methodName(type) : `${methodName(type)} r=${known}`;
};

/** Whether modules are chosen for it. */
export const choosesModules = (type: unknown): boolean =>
  Object.hasOwn(methodOf(type)?.settings ?? {}, 'target_modules');

/** "LoRA, the head alone, or everything" */
export function trainableInWords(): string {
  const objects = methods.map(({ object }) => object);
  return `${objects.slice(0, -1).join(', ')}, or ${objects.at(-1)!}`;
}

/** Whether a part of a parameter's name was put there by a method: `lora_A`. */
export const isAddedPart = (part: string): boolean =>
  methods.some(({ parameterPrefixes: prefixes }) => prefixes.some((prefix) => part.startsWith(prefix)));

/** Those whose adapters can be added up, as people call them. */
export const combinableMethods = (): string =>
  methods
    .filter(({ combinable }) => combinable)
    .map(({ name }) => name)
    .join(' or ');
