import { describe, expect, it } from 'vitest';
import { checkMapping, commonName, splitOfFile, withRole } from './mapping.ts';

const column = (name: string, change: { distinct?: number; meanLength?: number } = {}) => ({
  name,
  role: 'extra' as const,
  distinct: 10,
  empty: 0,
  meanLength: 5,
  values: [],
  reading: { observations: [], proposed: {} },
  ...change,
});

describe('roles of columns', () => {
  it('swap where only one column can have the role', () => {
    expect(withRole(['text', 'label', 'extra'], 1, 'text')).toEqual(['label', 'text', 'extra']);
  });
  it('can be held by several columns where they are kept or left out', () => {
    expect(withRole(['text', 'extra', 'ignore'], 2, 'extra')).toEqual(['text', 'extra', 'extra']);
  });
});

describe('a mapping', () => {
  const columns = [column('stars'), column('title'), column('text')];

  it('is made of the columns by their roles', () => {
    expect(checkMapping(columns, ['label', 'extra', 'text'])).toEqual({
      mapping: {
        text: 'text',
        moreText: [],
        separator: ' ',
        textPair: null,
        label: 'stars',
        labelMap: {},
        split: null,
        extra: ['title'],
      },
      problem: null,
      cautions: [],
    });
  });
  it('joins texts in the order of the columns', () => {
    const { mapping } = checkMapping(columns, ['label', 'more_text', 'text']);
    expect(mapping).toMatchObject({ text: 'title', moreText: ['text'], extra: [] });
  });
  it('is refused while no classes can be made of the labels', () => {
    const observations = [
      { code: 'each-row' as const, weight: 'error' as const, message: 'An id.', remedy: 'Another.', rows: 9 },
    ];
    const check = checkMapping(columns, ['label', 'extra', 'text'], {
      labelMap: {},
      separator: ' ',
      observations,
    });
    expect(check).toMatchObject({ mapping: null, problem: 'An id. Another.' });
  });
  it('says which column is still to be named', () => {
    expect(checkMapping(columns, ['label', 'extra', 'extra']).problem).toContain('No column is the text');
    expect(checkMapping(columns, ['extra', 'extra', 'text']).problem).toContain('No column is the label');
    expect(checkMapping(columns, ['extra', 'extra', 'extra']).problem).toContain('two heads');
    expect(checkMapping([column('text')], ['text']).problem).toContain('One column only');
  });
  it('is refused while two columns have one name', () => {
    expect(checkMapping([column('a'), column('a')], ['text', 'label']).problem).toContain('"a"');
  });
  it('cautions about labels with one value and labels that read like text', () => {
    const one = checkMapping([column('text'), column('y', { distinct: 1 })], ['text', 'label']);
    expect(one.cautions).toHaveLength(1);
    const long = checkMapping(
      [column('text'), column('y', { distinct: 400, meanLength: 90 })],
      ['text', 'label'],
    );
    expect(long.cautions[0]).toContain('reads like text');
    expect(long.problem).toBeNull();
  });
});

it('several files are called by how their names begin', () => {
  expect(commonName(['reviews-train.csv', 'reviews-test.csv'])).toBe('reviews');
  expect(commonName(['a.csv', 'b.csv'])).toBeNull();
  expect(commonName(['reviews.csv'])).toBeNull();
});

describe('the split of a file', () => {
  it.each([
    ['reviews-train.csv', 'train'],
    ['TEST.parquet', 'test'],
    ['dev.tsv', 'validation'],
    ['contest.csv', null],
    ['trainers.csv', null],
  ])('of %s is %s', (name, split) => expect(splitOfFile(name)).toBe(split));
});
