import { describe, expect, it } from 'vitest';
import { buildLabelMap, encodeLabels, labelMap, requireEveryClass } from './labels.ts';

const place = { file: 'reviews.csv', column: 'stars' };

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
        place,
      ),
    ]).toEqual([3, 0]);
  });

  it('names file, row, value and the known labels for a label outside the map', () => {
    expect(() => encodeLabels([{ row: 7, line: 9, label: '3' }], labels, place)).toThrow(
      'Row 7 (line 9) of reviews.csv has the label "3", which the model does not have. It knows "1", "2", "4", "5".',
    );
  });

  it('names the row without a label', () => {
    expect(() => encodeLabels([{ row: 7 }], labels, place)).toThrow(
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
