import type { DatasetVersion } from '../../../shared/contract/datasets.ts';
import { specSchema, type ExperimentSpec, type Preset } from '../../../shared/contract/experiments.ts';
import { isFields, mergePatch, type Fields } from './merge-patch.ts';

/** The form's content: a spec in which the model or the data may not be chosen yet. */
export type Draft = Partial<ExperimentSpec>;

const trainNames = ['train', 'training'];
const evalNames = ['test', 'validation', 'valid', 'dev', 'eval'];

/** Which rows train and which are evaluated, by the usual names of splits; else a fifth is set aside. */
export function splitsOf(version: DatasetVersion): ExperimentSpec['data'] {
  const names = version.splits.map(({ name }) => name);
  const named = (known: string[]) =>
    known.flatMap((word) => names.filter((name) => name.toLowerCase() === word))[0] ?? null;
  const trainSplit = named(trainNames);
  const evalSplit = trainSplit === null ? null : named(evalNames);
  return {
    trainSplit,
    evalSplit,
    trainSelect: null,
    evalSelect: null,
    split: evalSplit === null ? { test_size: 0.2, seed: 42 } : null,
    maxLength: null,
    padding: 'longest',
  };
}

/** The draft as a whole spec; null: model, data or method is not chosen yet, or it does not fit the contract. */
export function wholeSpec(draft: Draft): ExperimentSpec | null {
  if (!isFields(draft.adapter) || draft.adapter['peft_type'] === undefined) return null;
  const parsed = specSchema.safeParse(draft);
  return parsed.success ? parsed.data : null;
}

/** What keeps its value when a preset is chosen: it says how a run is repeated, not how it learns. */
const kept = ['seed', 'precision'];

/** The draft with a preset's method and training. */
export function withPreset(draft: Draft, preset: Preset): Draft {
  const own = Object.fromEntries(
    Object.entries(draft.training ?? {}).filter(([name, value]) => kept.includes(name) && value !== null),
  );
  return { ...draft, adapter: preset.adapter, training: { ...preset.training, ...own } };
}

/** The preset whose method and training the draft still has. */
export function presetOf(draft: Draft, presets: readonly Preset[]): Preset | null {
  const fits = (own: unknown, wanted: Fields, free: readonly string[]) =>
    isFields(own) &&
    Object.keys({ ...own, ...wanted }).every(
      (name) =>
        free.includes(name) || JSON.stringify(own[name] ?? null) === JSON.stringify(wanted[name] ?? null),
    );
  return (
    presets.find(
      ({ adapter, training }) => fits(draft.adapter, adapter, []) && fits(draft.training, training, kept),
    ) ?? null
  );
}

/** A merge patch applied to the draft; what it makes of it must still fit the contract, else nothing changes. */
export function patched(draft: Draft, patch: Fields): Draft {
  const parsed = specSchema.partial().safeParse(mergePatch(draft, patch));
  if (!parsed.success) return draft;
  // Fields left out are left out: the contract's types tell that from undefined.
  return Object.fromEntries(Object.entries(parsed.data).filter(([, value]) => value !== undefined));
}
