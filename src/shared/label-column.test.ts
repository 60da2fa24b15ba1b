import { describe, expect, it } from 'vitest';
import { classesOf, labelText, mappedLabel, mapText, readLabelColumn } from './label-column.ts';

const counted = (values: readonly unknown[]) => {
  const rows = new Map<string, number>();
  for (const value of values) rows.set(labelText(value), (rows.get(labelText(value)) ?? 0) + 1);
  return Array.from(rows, ([value, n]) => ({ value, rows: n }));
};
const read = (values: readonly unknown[]) => readLabelColumn(counted(values), 'label');
const codes = (values: readonly unknown[]) =>
  read(values).observations.map(({ code, weight }) => `${code} ${weight}`);
const times = (n: number, ...values: unknown[]) => Array.from({ length: n }, () => values).flat();

describe('readLabelColumn', () => {
  it('says nothing of plain classes', () => {
    expect(read(times(5, 'ham', 'spam'))).toEqual({ observations: [], proposed: {} });
    expect(read(times(5, 1, 2, 4, 5))).toEqual({ observations: [], proposed: {} });
    expect(read(['pos', 'neg'])).toEqual({ observations: [], proposed: {} });
    expect(read(times(5, '0.5', '1.5', '2.5'))).toEqual({ observations: [], proposed: {} });
  });

  it('takes numbers written otherwise for the same class', () => {
    const { observations, proposed } = read(times(3, '0', '0.0', '1', '1.0', '01', '+1'));
    expect(proposed).toEqual({ '0.0': '0', '1.0': '1', '01': '1', '+1': '1' });
    expect(observations.map(({ code, rows }) => [code, rows])).toEqual([['written-numbers', 12]]);
    expect(observations[0]!.remedy).toBe('Read as labels: "0.0" → "0"; "1.0", "01", "+1" → "1".');
    expect(classesOf(counted(times(3, '0', '0.0', '1', '1.0')), proposed)).toEqual([
      { value: '0', rows: 6 },
      { value: '1', rows: 6 },
    ]);
  });

  it('takes the words for no value for rows without a label', () => {
    const { proposed } = read(times(3, 'a', 'b', 'nan', 'NaN', 'None', 'null', 'N/A', '<NA>', ''));
    expect(proposed).toEqual({ nan: null, NaN: null, None: null, null: null, 'N/A': null, '<NA>': null });
    expect(codes(times(3, 'a', 'b', 'nan'))).toEqual(['no-label warning']);
  });

  it('folds spaces, case and truth values into the spelling with the most rows', () => {
    const { proposed } = read([...times(3, 'pos', 'neg'), ' pos', 'neg\u00a0', 'Pos', 'NEG ', 'very  good']);
    expect(proposed).toEqual({
      ' pos': 'pos',
      'neg\u00a0': 'neg',
      Pos: 'pos',
      'NEG ': 'neg',
      'very  good': 'very good',
    });
    expect(read([...times(4, true, false), 'True', 'TRUE', 'False']).proposed).toEqual({
      True: 'true',
      TRUE: 'true',
      False: 'false',
    });
    expect(codes([...times(4, 'a', 'b'), 'A', 'b '])).toEqual(['spaces warning', 'case warning']);
  });

  it('finds one label inside JSON, and names rows with several', () => {
    const observation = read(times(3, '{"choices":["a"]}', '["b"]', "['b']", '[]'));
    expect(observation.proposed).toEqual({
      '{"choices":["a"]}': 'a',
      '["b"]': 'b',
      "['b']": 'b',
      '[]': null,
    });
    const deep = '['.repeat(5000) + ']'.repeat(5000);
    expect(read(times(3, deep, 'a')).proposed).toEqual({ [deep]: null });
    expect(observation.observations[0]).toMatchObject({ code: 'json', weight: 'error' });
    expect(codes(times(3, '{"choices":["a","b"]}', '{"choices":["a"]}'))).toEqual([
      'several error',
      'json error',
    ]);
    expect(codes(times(3, ['a', 'b'], ['c']))).toEqual(['several error', 'json error']);
    expect(read(times(3, '[unclear]', '{x}'))).toEqual({ observations: [], proposed: {} });
  });

  it('finds lists parted by a separator, but not a comma inside of names', () => {
    expect(codes(times(3, 'comedy', 'drama', 'comedy,drama', 'drama, horror', 'horror'))).toEqual([
      'several warning',
    ]);
    expect(codes(times(3, 'Korea, South', 'Korea, North', 'Japan'))).toEqual([]);
  });

  it('calls a column of decimals a quantity, and one of ids an id', () => {
    expect(codes([0.13, 0.2, 0.31, 0.47, 0.52, 0.68, 0.71, 0.99])).toEqual(['quantity error']);
    expect(codes(Array.from({ length: 20 }, (_, i) => `id-${i}`))).toEqual(['each-row error']);
    expect(codes(times(3, ...Array.from({ length: 50 }, (_, i) => i)))).toEqual(['quantity warning']);
  });

  it('names classes with one row', () => {
    const { observations } = read([...times(5, 'a', 'b'), 'c']);
    expect(observations.map(({ code, message }) => [code, message])).toEqual([
      ['rare', 'One class of column "label" has one row only: "c".'],
    ]);
  });
});

describe('a label map', () => {
  it('renames, merges and drops; what it does not name stays', () => {
    const map = { 1: 'negative', 2: 'negative', nan: null };
    expect(['1', ' 2 ', 'nan', '', '5'].map((value) => mappedLabel(value, map))).toEqual([
      'negative',
      'negative',
      null,
      null,
      '5',
    ]);
    expect(mapText(map)).toBe('"1", "2" → "negative"; "nan" → no label');
    expect(mappedLabel('', { '': 'other' })).toBe('other');
    expect(mappedLabel('toString', {})).toBe('toString');
  });
});
