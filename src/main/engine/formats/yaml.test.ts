import { describe, expect, it } from 'vitest';
import { YamlError, parseYaml } from './yaml.ts';

const lines = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

describe('parseYaml', () => {
  it('follows anchors and merge keys', () => {
    expect(parseYaml('base: &base {r: 8, bias: none}\nadapter:\n  <<: *base\n  r: 16\n')).toEqual({
      base: { r: 8, bias: 'none' },
      adapter: { r: 16, bias: 'none' },
    });
  });

  it('takes twenty thousand keys', () => {
    expect(Object.keys(parseYaml(lines(20_000, (i) => `k${i}: 1`)) as object)).toHaveLength(20_000);
  });

  it.each<[string, string, RegExp]>([
    ['an alias without an anchor', 'a: *b', /Unresolved alias.*: b/],
    [
      'aliases of aliases',
      [
        'a: &a [x,x,x,x,x,x,x,x,x]',
        ...['b', 'c', 'd', 'e', 'f'].map(
          (name, i) => `${name}: &${name} [${new Array(9).fill(`*${'abcde'[i]}`).join()}]`,
        ),
      ].join('\n'),
      /alias count/,
    ],
    ['brackets in brackets', '['.repeat(100_000), /64 levels/],
    ['maps in maps', lines(5000, (i) => `${' '.repeat(i % 1000)}a:`), /64 levels|longer than/],
    ['sequences on one line', '- '.repeat(3000), /64 levels|sequence/],
    ['a tag of Python', 'a: !!python/object/apply:os.system [ls]', /Unresolved tag/],
    ['a key that stands twice', 'a: 1\nb: 2\na: 3', /"a" stands there twice/],
    ['a text that is too long', `a: ${'b'.repeat(2 ** 20)}`, /longer than/],
  ])('names %s', (_, text, reason) => {
    expect(() => parseYaml(text)).toThrow(YamlError);
    expect(() => parseYaml(text)).toThrow(reason);
  });
});
