import { describe, expect, it } from 'vitest';
import { idsBetween } from './row-range.ts';

describe('rows chosen with Shift', () => {
  it('reach from the row chosen last to this one, either way', () => {
    expect(idsBetween(['a', 'b', 'c', 'd'], 'b', 'd')).toEqual(['b', 'c', 'd']);
    expect(idsBetween(['a', 'b', 'c', 'd'], 'd', 'b')).toEqual(['b', 'c', 'd']);
  });
  it('begin at that row also after the table is sorted another way', () => {
    expect(idsBetween(['d', 'c', 'b', 'a'], 'b', 'd')).toEqual(['d', 'c', 'b']);
  });
  it('are only this one where none was chosen before, or a filter has hidden it', () => {
    expect(idsBetween(['a', 'c', 'd'], null, 'd')).toEqual(['d']);
    expect(idsBetween(['a', 'c', 'd'], 'b', 'd')).toEqual(['d']);
  });
});
