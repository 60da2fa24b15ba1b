import type { ExperimentSpec } from '../../../shared/contract/experiments.ts';
import { parseTrainConfig, type TrainConfig } from '../../../shared/settings/train-config.ts';
import type { RowQuestion } from './rows/row-facts.ts';

/** How faults call what a person filled in. */
export const settingsSource = 'settings';

/** The training config that a spec stands for; its data files are named, not there. Throws `settings/…`. */
export function configOf(spec: ExperimentSpec, modelFolder: string): TrainConfig {
  const { data } = spec;
  const evaluates = data.evalSplit !== null;
  const fields = {
    model: modelFolder,
    model_overrides: spec.modelOverrides,
    data: {
      train: 'train.jsonl',
      eval: evaluates ? 'eval.jsonl' : null,
      split: evaluates ? null : data.split,
      max_length: data.maxLength,
      padding: data.padding,
    },
    // Reported as a finding of its own, which can be mended.
    adapter: { ...spec.adapter, inference_mode: false },
    training: spec.training,
  };
  return parseTrainConfig(fields, settingsSource).config;
}

/** Which rows of a version file a spec takes. */
export function questionOf({ data }: ExperimentSpec, file: string): RowQuestion {
  return {
    file,
    train: { split: data.trainSplit, select: data.trainSelect },
    eval: data.evalSplit === null ? null : { split: data.evalSplit, select: data.evalSelect },
    setAside: data.evalSplit === null ? data.split : null,
  };
}
