import { describe, expect, it } from 'vitest';
import { disagreement } from '../../evaluation/disagree-test-support.ts';
import { byAnswer, filtersFor, probabilityOf } from './disagree-words.ts';

const labels = ['ham', 'spam'];

describe('filters', () => {
  it('of a single run ask nothing about two', () => {
    const filters = (runs: number) => filtersFor(runs).map(({ filter }) => filter);
    expect(filters(1)).toEqual(['all-wrong', 'confident-errors', 'label-errors', 'all']);
    expect(filters(2)).toContain('differ');
    expect(filters(2)).toContain('right-wrong');
  });
});

describe('answers', () => {
  it('have the probability of each label by its place, and none for a label that there is not', () => {
    const answer = disagreement(1, 1).answers[0]!;
    expect(labels.map((label) => probabilityOf(labels, answer, label))).toEqual([0.8, 0.2]);
    expect(probabilityOf(labels, answer, 'eggs')).toBe(0);
  });
  it('of many runs are gathered, the commonest first, with their mean probability', () => {
    const { answers } = disagreement(1, 7);
    answers[0] = { predicted: 'ham', probabilities: [0.6, 0.4] };
    const groups = byAnswer(labels, answers);
    expect(groups.map(({ predicted, runs }) => [predicted, runs])).toEqual([
      ['ham', [0, 2, 4, 6]],
      ['spam', [1, 3, 5]],
    ]);
    expect(groups[0]?.probability).toBeCloseTo((0.6 + 3 * 0.8) / 4);
  });
});
