import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { href, parseAddress } from './address.ts';
import { pageAt } from './routes.ts';

const pageOf = (path: string) => pageAt(path)?.pattern;

describe('addresses', () => {
  it('an empty fragment and a foreign one lead home', () => {
    expect(parseAddress('').path).toBe('/');
    expect(parseAddress('#section').path).toBe('/');
  });

  it('a slash at the end makes no difference', () => expect(parseAddress('#/data/').path).toBe('/data'));

  it('the query is read as text', () =>
    expect(parseAddress('#/data/x/rows?finding=leaks&q=a%20b')).toEqual({
      path: '/data/x/rows',
      query: { finding: 'leaks', q: 'a b' },
    }));

  it.each([
    ['/', '/'],
    ['/data', '/data'],
    ['/data/import', '/data/import'],
    ['/data/abc', '/data/:id/:tab?'],
    ['/data/abc/rows', '/data/:id/:tab?'],
    ['/experiments/new', '/experiments/new'],
    ['/experiments/42/evaluation', '/experiments/:id/:tab?'],
    ['/settings', '/settings/:section?'],
  ])('%s is the page %s', (path, pattern) => expect(pageOf(path)).toBe(pattern));

  it('what no page has is no page', () => {
    expect(pageOf('/nothing')).toBeUndefined();
    expect(pageOf('/data/a/b/c')).toBeUndefined();
    expect(pageOf('/data/%E0%A4%A')).toBeUndefined();
  });

  it('any id and query survive the way into an address and back', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(text, text, (id, value) => {
        const address = parseAddress(href(`/models/${encodeURIComponent(id)}`, { q: value }));
        expect(pageAt(address.path)?.params).toEqual({ id });
        expect(address.query).toEqual({ q: value });
      }),
    );
  });
});
