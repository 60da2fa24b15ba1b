import { describe, expect, it } from 'vitest';
import { buildLabelMap } from '../data/labels.ts';
import { settleLabels } from './single-label.ts';

const stars = ['1 star', '2 stars', '3 stars'];

describe("the labels of the data against those of a checkpoint's own head", () => {
  it('are their own where there is no head', () => {
    const labels = settleLabels(buildLabelMap(['spam', 'ham']), null);
    expect(labels.names).toEqual(['ham', 'spam']);
    expect(labels.idOf('spam')).toBe(1);
    expect(labels.note).toBeNull();
  });

  it('keep the head and its order where the names are the same, in any case', () => {
    const labels = settleLabels(buildLabelMap(['NEUTRAL', 'negative', 'Positive']), [
      'positive',
      'neutral',
      'negative',
    ]);
    expect(labels.names).toEqual(['positive', 'neutral', 'negative']);
    expect(['Positive', 'NEUTRAL', 'negative'].map((name) => labels.idOf(name))).toEqual([0, 1, 2]);
    expect(labels.note).toBe("The labels are those of the model's own head, which is trained further.");
  });

  it("are the head's own ids where they are its numbers, and that is said", () => {
    const labels = settleLabels(buildLabelMap([2, 0, 1]), stars);
    expect(labels.names).toEqual(stars);
    expect([0, 1, 2].map((id) => labels.idOf(id))).toEqual([0, 1, 2]);
    expect(labels.note).toBe(
      "The labels are numbers and are taken as the head's own: 0 = 1 star, 1 = 2 stars, 2 = 3 stars.",
    );
  });

  it.each([
    ['fewer classes', [0, 1]],
    ['more classes', ['1 star', '2 stars', '3 stars', '4 stars']],
  ])('get a new head where they are %s, and that is said', (_, values) => {
    const labels = settleLabels(buildLabelMap(values), stars);
    expect(labels.names).toEqual(values.map(String));
    expect(labels.note).toBe(
      "The model's own head (1 star, 2 stars, 3 stars) has other labels and is replaced by a new one.",
    );
  });

  it.each([
    ['other names', ['bad', 'good', 'neutral']],
    ['numbers that are no ids of it', [1, 2, 3]],
  ])('keep the weights of a head of their size where they are %s, and that is said', (_, values) => {
    const labels = settleLabels(buildLabelMap(values), stars);
    expect(labels.names).toEqual(values.map(String));
    expect(labels.note).toBe(
      "The model's own head (1 star, 2 stars, 3 stars) has other labels, as many as the data: its weights go on under the new names.",
    );
  });
});
