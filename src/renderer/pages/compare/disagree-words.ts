import type { Disagreement, DisagreementFilter } from '../../../shared/contract.ts';

/** The filters that make sense for so many runs, with their words; "A right, B wrong" is said with names. */
export function filtersFor(runs: number): { filter: DisagreementFilter; label: string }[] {
  const many: { filter: DisagreementFilter; label: string }[] = [
    { filter: 'differ', label: 'Differ' },
    { filter: 'right-wrong', label: 'One right, one wrong' },
  ];
  return [
    ...(runs > 1 ? many : []),
    { filter: 'all-wrong', label: runs > 1 ? 'All wrong' : 'Errors' },
    { filter: 'confident-errors', label: 'Most confident errors' },
    { filter: 'label-errors', label: 'Likely label errors' },
    { filter: 'all', label: 'All rows' },
  ];
}

/** What is said where no row fits. */
export const nothingFound: Record<DisagreementFilter, string> = {
  differ: 'These runs answer every row alike.',
  'right-wrong': 'There is no row that the one answers right and the other wrong.',
  'all-wrong': 'There is no row that all answer wrong.',
  'confident-errors': 'There is no error.',
  'label-errors': 'No label looks wrong.',
  all: 'There is no such row.',
};

/** The probability that an answer gives a label; 0 for a label that is not among them. */
export const probabilityOf = (
  labels: readonly string[],
  { probabilities }: Disagreement['answers'][number],
  label: string,
): number => probabilities[labels.indexOf(label)] ?? 0;

/** Up to this many runs have a line each on a card; more are gathered by their answer. */
export const LINES = 6;

export interface AnswerGroup {
  predicted: string;
  /** Places of the runs, in order. */
  runs: number[];
  /** Mean probability that they give it. */
  probability: number;
}

/** The answers of many runs by label, the commonest first. */
export function byAnswer(labels: readonly string[], answers: Disagreement['answers']): AnswerGroup[] {
  const places = Map.groupBy(answers.keys(), (at) => answers[at]!.predicted);
  return [...places]
    .map(([predicted, runs]) => ({
      predicted,
      runs,
      probability:
        runs.reduce((sum, at) => sum + probabilityOf(labels, answers[at]!, predicted), 0) / runs.length,
    }))
    .sort((a, b) => b.runs.length - a.runs.length);
}
