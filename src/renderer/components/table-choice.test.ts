import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { idsBetween, isShown, keepChoice, readChoice } from './table-choice.ts';

const kept = new Map<string, string>();
beforeEach(() => {
  kept.clear();
  vi.stubGlobal('localStorage', {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
  });
});
afterEach(() => void vi.unstubAllGlobals());

it('remembers the columns that somebody chose, for each list its own', () => {
  keepChoice('Experiments', { rank: true, took: false });
  expect(readChoice('Experiments')).toEqual({ rank: true, took: false });
  expect(readChoice('Adapters')).toEqual({});
});

it('shows a column as it was chosen, before that as it says, and one that is not optional always', () => {
  const columns = [
    { key: 'name' },
    { key: 'took', optional: 'shown' },
    { key: 'rank', optional: 'hidden' },
  ] as const;
  const shown = (choice: Record<string, boolean>) =>
    columns.filter((column) => isShown(column, choice)).map(({ key }) => key);
  expect(shown({})).toEqual(['name', 'took']);
  expect(shown({ rank: true, took: false, name: false })).toEqual(['name', 'rank']);
});

it.each(['{', '[1]', '{"rank":"yes"}', 'null'])('starts anew where what is kept is no choice: %s', (text) => {
  kept.set('graft-columns Experiments', text);
  expect(readChoice('Experiments')).toEqual({});
});

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
