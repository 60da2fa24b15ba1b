import type { TrainConfig } from '../../../../shared/settings/train-config.ts';

/** A data file as `load_dataset` is told of it. */
export interface DataFile {
  /** As the script names it: beside the script, or a path. */
  path: string;
  format: 'csv' | 'json' | 'parquet';
  /** Further arguments of `load_dataset`. */
  options: Readonly<Record<string, unknown>>;
}

export interface HubRows {
  hubId: string;
  config: string;
  trainSplit: string;
  evalSplit: string | null;
}

/** Where the script's rows come from. */
export type ScriptRows = (
  { kind: 'files'; train: DataFile; eval: DataFile | null } | ({ kind: 'hub' } & HubRows)
) & {
  textColumn: string;
  textPairColumn: string | null;
  labelColumn: string;
};

/** Rows of a data set version as they stand beside a script. */
export const versionRows = (pairs: boolean, evaluates: boolean): ScriptRows => ({
  kind: 'files',
  train: { path: 'train.jsonl', format: 'json', options: {} },
  eval: evaluates ? { path: 'eval.jsonl', format: 'json', options: {} } : null,
  textColumn: 'text',
  textPairColumn: pairs ? 'text_pair' : null,
  labelColumn: 'label',
});

/** Everything that the text of a script is made from. */
export interface ScriptContents {
  /** What the run is called. */
  title: string;
  /** As it ran; `train_select` and `eval_select` say which of `rows` are taken. */
  config: TrainConfig;
  /** `name`: a hub id or a folder. */
  model: { name: string; revision: string | null };
  rows: ScriptRows;
  /** Classes in the order of their ids, as the data writes them. */
  labels: readonly string[];
  /** How Python sees the labels of the data: as these texts, or as numbers or truth values to be turned into them. */
  labelText: 'as it is' | 'str' | 'lower' | 'upper';
  /** Whether each class has two training rows: then they can be set aside by class. */
  canStratify: boolean;
  /**
   * The head of the checkpoint: none; one of another size; its own, trained further; or one of the same size for other
   * labels, which has to be drawn anew.
   */
  head: 'new' | 'resized' | 'own' | 'redrawn';
  /** The linear layers of the head; `deviation` of their first weights, null: the model's `initializer_range`. */
  headLayers: readonly { path: string; hasBias: boolean; deviation: number | null }[];
  /** Modules that train whole: the head and what the checkpoint lacks. */
  savedModules: readonly string[];
  /** Tokens after which a text is cut; null: the tokenizer's own limit does it. */
  maxLength: number | null;
  /** What Graft measured on the same rows, by name. */
  measured: Readonly<Record<string, number>> | null;
}
