import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { disagreement } from '../evaluation/disagree-test-support.ts';
import { experiment, version } from '../test-support.ts';
import { fakeBackend } from '../fake-backend.ts';
import { LabelDraft } from './label-draft.svelte.ts';

const rows = [1, 2, 3].map((row) => disagreement(row, 2).row);

/** A store that holds drafts as the backend does, with a window on it. */
function open(refuse: (method: string) => boolean = () => false) {
  const stored = new Map<number, string>();
  let savedAs: { id: string; number: number } | null = null;
  let number = 1;
  const check = (method: string): void => {
    if (refuse(method)) throw new Error('The disk is full.');
  };
  const backend = fakeBackend({
    'datasets/draft': () => ({ changes: [...stored].map(([row, label]) => ({ row, label })), savedAs }),
    'datasets/edit-draft': ({ versionId, changes }) => {
      check('datasets/edit-draft');
      for (const { row, label } of changes) {
        if (label === null) stored.delete(row);
        else stored.set(row, label);
      }
      savedAs = null;
      backend.emit('datasets/draft-changed', { versionId, changes, savedAs });
      return {};
    },
    'datasets/relabel': ({ versionId }) => {
      check('datasets/relabel');
      number += 1;
      savedAs = { id: `v${number}`, number };
      backend.emit('datasets/draft-changed', { versionId, changes: [], savedAs });
      return { version: version(savedAs) };
    },
    'compare/retrain': ({ versionId }) => ({
      experiment: experiment({ id: 'new', versionId, state: 'queued' }),
    }),
  });
  const window = (): LabelDraft => {
    const draft = new LabelDraft(backend.rpc, 'v1');
    draft.listen();
    return draft;
  };
  return { ...backend, window, stored };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = () => vi.advanceTimersByTimeAsync(0);
const settled = async <T>(work: Promise<T>): Promise<T> => {
  await settle();
  return work;
};

describe('corrected labels', () => {
  it('are collected, taken back one by one with their row, and forgotten when set to what is stored', async () => {
    const { window, stored } = open();
    const draft = window();
    await settle();
    draft.relabel(rows[0]!, 'spam');
    draft.relabel(rows[1]!, 'spam');
    draft.relabel(rows[1]!, 'spam');
    expect([...draft.changes]).toEqual([
      [1, 'spam'],
      [2, 'spam'],
    ]);
    expect(draft.undo()).toBe(2);
    expect(draft.labelOf(rows[1]!)).toBe('ham');
    draft.relabel(rows[0]!, 'ham');
    expect(draft.changes.size).toBe(0);
    expect(draft.undo()).toBe(1);
    expect(draft.labelOf(rows[0]!)).toBe('spam');
    draft.discard();
    expect(draft.changes.size).toBe(0);
    draft.undo();
    expect(draft.labelOf(rows[0]!)).toBe('spam');
    await settle();
    expect([...stored]).toEqual([[1, 'spam']]);
  });

  it('are there for who comes back, and in every window, whoever made them', async () => {
    const { window } = open();
    const [one, other] = [window(), window()];
    await settle();
    one.relabel(rows[0]!, 'spam');
    other.relabel(rows[1]!, 'spam');
    await settle();
    const later = window();
    await settle();
    for (const draft of [one, other, later]) {
      expect([...draft.changes.keys()].sort()).toEqual([1, 2]);
    }
    other.relabel(rows[0]!, 'ham');
    await settle();
    expect([...one.changes.keys()]).toEqual([2]);
    expect([one.canUndo, later.canUndo]).toEqual([true, false]);
  });

  it('show the last of two quick corrections of a row, whatever comes back about the first', async () => {
    const { window, emit } = open();
    const draft = window();
    await settle();
    draft.relabel(rows[0]!, 'spam');
    emit('datasets/draft-changed', {
      versionId: 'v1',
      changes: [{ row: 1, label: 'eggs' }],
      savedAs: null,
    });
    expect(draft.labelOf(rows[0]!)).toBe('spam');
  });

  it('saved make a version; more of them a version with all', async () => {
    const { window, asked } = open();
    const draft = window();
    await settle();
    draft.relabel(rows[0]!, 'spam');
    const first = await settled(draft.save());
    expect([first?.number, draft.savedAs?.number]).toEqual([2, 2]);
    draft.relabel(rows[1]!, 'spam');
    expect(draft.savedAs).toBeNull();
    await settled(draft.save());
    expect(asked.at(-1)?.input).toEqual({
      versionId: 'v1',
      changes: [
        { row: 1, label: 'spam' },
        { row: 2, label: 'spam' },
      ],
    });
    expect(draft.savedAs?.number).toBe(3);
  });

  it('are saved before the run is trained again, and once', async () => {
    const { window, asked } = open();
    const draft = window();
    await settle();
    draft.relabel(rows[2]!, 'spam');
    const retrained = await settled(draft.retrain('a'));
    expect(retrained?.versionId).toBe('v2');
    await settled(draft.retrain('b'));
    expect(asked.map(({ method }) => method).filter((name) => !name.endsWith('draft'))).toEqual([
      'datasets/relabel',
      'compare/retrain',
      'compare/retrain',
    ]);
    expect(asked.at(-1)?.input).toEqual({ id: 'b', versionId: 'v2' });
  });

  it('stay where saving them is refused, and nothing is trained then', async () => {
    let full = true;
    const { window, asked } = open((method) => full && method === 'datasets/relabel');
    const draft = window();
    await settle();
    draft.relabel(rows[0]!, 'spam');
    expect(await settled(draft.retrain('a'))).toBeUndefined();
    expect(draft.refused?.message).toBe('The disk is full.');
    expect([draft.changes.size, draft.doing]).toEqual([1, null]);
    expect(asked.map(({ method }) => method)).not.toContain('compare/retrain');
    full = false;
    expect((await settled(draft.save()))?.number).toBe(2);
    expect(draft.refused).toBeNull();
  });

  it('that the store refuses are not shown as if they were kept', async () => {
    let full = false;
    const { window } = open(() => full);
    const draft = window();
    await settle();
    draft.relabel(rows[0]!, 'spam');
    await settle();
    full = true;
    draft.relabel(rows[1]!, 'spam');
    await settle();
    expect([...draft.changes.keys()]).toEqual([1]);
    expect(draft.refused?.message).toBe('The disk is full.');
  });
});
