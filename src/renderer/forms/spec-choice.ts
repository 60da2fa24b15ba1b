import {
  type AdapterDetail,
  type DatasetVersion,
  type ExperimentSpec,
  type Preset,
  specSchema,
} from '../../shared/contract.ts';
import { given, isFields, type Fields } from '../../shared/fields.ts';
import { methodOf } from '../../shared/methods/index.ts';
import { fieldLabel, patchAt, valueAt } from './form-fields.ts';
import { mergePatch } from './merge-patch.ts';

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

/** A draft with other data or another model: what belonged to the one before and went, and what stays as set. */
export interface Changed {
  draft: Draft;
  reset: readonly string[];
  kept: readonly string[];
}

/** Settings that belong to the data, and to the model, that they were made for; the name to both. */
const ofData = ['name', 'data.maxLength', 'training.class_weights'];
const ofModel = [
  'name',
  'data.maxLength',
  'adapter.target_modules',
  'adapter.exclude_modules',
  'adapter.layers_to_transform',
  'adapter.layers_pattern',
  'adapter.rank_pattern',
  'adapter.alpha_pattern',
  'adapter.modules_to_save',
  'modelOverrides',
  'initAdapterId',
];
/** Values that mean the same for any data and any model. */
const general: readonly unknown[] = ['', 'balanced', 'all-linear'];

/** Takes back what was chosen for the data or the model before, but for the paths that the person set (`own`). */
function takenBack(draft: Draft, paths: readonly string[], own: ReadonlySet<string>): Changed {
  const isSet = (path: string): boolean => {
    const value = valueAt(draft, path.split('.'));
    const isEmpty = isFields(value) && Object.keys(value).length === 0;
    return value !== undefined && value !== null && !isEmpty && !general.includes(value);
  };
  // A map is set by its keys.
  const isOwn = (path: string): boolean => [...own].some((set) => set === path || set.startsWith(`${path}.`));
  const { kept = [], reset = [] } = Object.groupBy(paths.filter(isSet), (path) =>
    isOwn(path) ? 'kept' : 'reset',
  );
  return {
    draft: reset.reduce((left, path) => patched(left, patchAt(path.split('.'), null)), draft),
    reset: reset.map(fieldLabel),
    kept: kept.map(fieldLabel),
  };
}

/** The draft on other rows. `before`: the version that it was on, where that is known. */
export function withData(
  draft: Draft,
  version: DatasetVersion,
  before: DatasetVersion | null,
  own: ReadonlySet<string> = new Set(),
): Changed {
  const isOther = draft.versionId !== undefined && before?.datasetId !== version.datasetId;
  const changed = isOther ? takenBack(draft, ofData, own) : { draft, reset: [], kept: [] };
  const { maxLength, padding } = changed.draft.data ?? {};
  const data = { ...splitsOf(version), maxLength: maxLength ?? null, padding: padding ?? 'longest' };
  return { ...changed, draft: { ...changed.draft, versionId: version.id, data } };
}

/** The draft on another model; modules that are taken back are filled in from the presets of the new one. */
export function withModel(draft: Draft, modelId: string, own: ReadonlySet<string> = new Set()): Changed {
  const isOther = draft.modelId !== undefined && draft.modelId !== modelId;
  const changed = isOther ? takenBack(draft, ofModel, own) : { draft, reset: [], kept: [] };
  return { ...changed, draft: { ...changed.draft, modelId } };
}

/** The draft with the base and the method of an adapter, which it goes on from. */
export function withInitial(draft: Draft, { adapter, config, lineage }: AdapterDetail): Draft {
  const { settings = {} } = methodOf(config['peft_type']) ?? {};
  const names = ['peft_type', 'task_type', ...Object.keys(settings)];
  const fields = Object.entries(config).filter(([name, value]) => names.includes(name) && value !== null);
  const { modelId } = lineage.base;
  return {
    ...draft,
    ...(modelId === null ? {} : { modelId }),
    name: '',
    adapter: Object.fromEntries(fields),
    initAdapterId: adapter.id,
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
  return given(parsed.data);
}
