import type { ExperimentSpec } from '../../../../shared/contract/experiments.ts';
import type { RowQuestion } from './row-facts.ts';

/** Which rows of a version file a spec takes. */
export function questionOf({ data }: ExperimentSpec, file: string): RowQuestion {
  return {
    file,
    train: { split: data.trainSplit, select: data.trainSelect },
    eval: data.evalSplit === null ? null : { split: data.evalSplit, select: data.evalSelect },
    setAside: data.evalSplit === null ? data.split : null,
  };
}
