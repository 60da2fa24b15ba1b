import { describe, expect, it } from 'vitest';
import { buildLabelMap, encodeLabels, labelMap, matchLabels, requireEveryClass } from './labels.ts';

const origin = { file: 'reviews.csv', column: 'stars' };

describe('buildLabelMap', () => {
  it('sorts numbers by value, written as text or not', () => {
    const labels = buildLabelMap(['5', '1', '4', '2', '1']);
    expect(labels.names).toEqual(['1', '2', '4', '5']);
    expect([labels.idOf('4'), labels.idOf(4), labels.idOf('3')]).toEqual([2, 2, undefined]);
    expect(buildLabelMap([10, 9, -1, 2.5]).names).toEqual(['-1', '2.5', '9', '10']);
  });

  it('sorts names by code point, as datasets does', () => {
    expect(buildLabelMap(['spam', 'Zebra', 'ham', 'éclair']).names).toEqual([
      'Zebra',
      'ham',
      'spam',
      'éclair',
    ]);
    expect(buildLabelMap(['\u{1f600}', '\uffee']).names).toEqual(['\uffee', '\u{1f600}']);
    expect(buildLabelMap(['b', 'a'], ['b', 'c', 'a']).names).toEqual(['b', 'a']);
    expect(buildLabelMap(['10', '9', 'x']).names).toEqual(['10', '9', 'x']);
  });
});

describe('labelMap', () => {
  it('finds a name regardless of case where that is unambiguous', () => {
    expect(labelMap(['NEGATIVE', 'POSITIVE']).idOf('positive')).toBe(1);
    expect(labelMap(['us', 'US', 'de']).idOf('Us')).toBeUndefined();
    expect(labelMap(['us', 'US', 'de']).idOf('US')).toBe(1);
  });

  it('finds a number among the names that transformers gives by default', () => {
    expect(labelMap(['LABEL_0', 'LABEL_1']).idOf(1)).toBe(1);
  });
});

describe('matchLabels', () => {
  const ids = (values: (string | number)[], names: string[], of: Parameters<typeof matchLabels>[2] = {}) => {
    const { idOf } = matchLabels(values, labelMap(names), of);
    return values.map(idOf);
  };

  it('finds names in any case, with spaces, and numbers however they are written', () => {
    expect(ids([' Spam', 'HAM'], ['ham', 'spam'])).toEqual([1, 0]);
    expect(ids(['1.0', 5, '04'], ['1', '2', '4', '5'])).toEqual([0, 3, 2]);
  });

  it('takes numbers and LABEL_n for the ids of named classes, and says so', () => {
    expect(ids([1, 0, 1], ['neg', 'pos'])).toEqual([1, 0, 1]);
    expect(ids(['LABEL_1', 'LABEL_0'], ['neg', 'pos'])).toEqual([1, 0]);
    expect(ids([1, 0], ['LABEL_0', 'LABEL_1'])).toEqual([1, 0]);
    expect(ids(['LABEL_1', 'LABEL_0'], ['0', '1'])).toEqual([1, 0]);
    expect(matchLabels([0, 1], labelMap(['neg', 'pos'])).note).toBe(
      'The labels are numbers and are taken as the ids of the classes: 0 = neg, 1 = pos.',
    );
  });

  it('does not guess where a number may be a name or an id', () => {
    expect(ids([1, 2], ['1 star', '2 stars', '3 stars'])).toEqual([undefined, undefined]);
    expect(ids([0, 1, 2], ['1 star', '2 stars', '3 stars'])).toEqual([0, 1, 2]);
    expect(ids([0, 3], ['1', '2', '4', '5'])).toEqual([undefined, undefined]);
    expect(ids(['neg', 1], ['neg', 'pos'])).toEqual([0, undefined]);
    expect(ids([0, 2], ['neg', 'pos'])).toEqual([undefined, undefined]);
  });

  it('goes by the class names of the files on either side', () => {
    expect(ids([2, 0], ['neg', 'pos'], { trained: ['neg', 'neutral', 'pos'] })).toEqual([1, 0]);
    expect(ids(['pos', 'neg'], ['0', '1'], { file: ['neg', 'pos'] })).toEqual([1, 0]);
  });
});

describe('encodeLabels', () => {
  const labels = buildLabelMap(['1', '2', '4', '5']);

  it('gives the class id of each row', () => {
    expect([
      ...encodeLabels(
        [
          { row: 1, label: '5' },
          { row: 2, label: 1 },
        ],
        labels,
        origin,
      ),
    ]).toEqual([3, 0]);
  });

  it('names file, row, value and the known labels for a label outside the map', () => {
    expect(() => encodeLabels([{ row: 7, line: 9, label: '3' }], labels, origin)).toThrow(
      'Row 7 (line 9) of reviews.csv has the label "3", which the model does not have. It knows "1", "2", "4", "5".',
    );
  });

  it('names the row without a label', () => {
    expect(() => encodeLabels([{ row: 7 }], labels, origin)).toThrow(
      'Row 7 of reviews.csv has no label in column "stars".',
    );
  });
});

describe('requireEveryClass', () => {
  const labels = buildLabelMap(['1', '2', '4']);

  it('names the class that no training row has', () => {
    expect(() => requireEveryClass(Int32Array.of(0, 2, 2), labels, 'a.csv')).toThrow(
      'No training row of a.csv has the label "2" (of "1", "2", "4"), so it cannot be learned.',
    );
  });

  it('refuses a single class', () => {
    expect(() => requireEveryClass(Int32Array.of(1, 1), labels, 'a.csv')).toThrow(
      'Every row of a.csv has the label "2"; telling classes apart takes at least two.',
    );
  });

  it('accepts rows of all classes', () => {
    expect(() => requireEveryClass(Int32Array.of(2, 0, 1), labels, 'a.csv')).not.toThrow();
  });
});
