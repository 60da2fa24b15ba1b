import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InputOf } from '../../../shared/contract.ts';
import { fakeBackend } from '../../fake-backend.ts';
import { rowsOf } from '../../evaluation/disagree-test-support.ts';
import { DisagreementManager, PAGE, type BrowseChoice } from './disagreement-manager.svelte.ts';

type Question = InputOf<'compare/disagreements'>;

function open({
  ids = ['a', 'b'],
  total = 650_000,
  choice = {},
  wait = () => undefined,
}: {
  ids?: string[];
  total?: number;
  choice?: Partial<BrowseChoice>;
  wait?: (input: Question) => Promise<void> | void;
} = {}) {
  const backend = fakeBackend({
    'compare/disagreements': async (input) => {
      await wait(input);
      return rowsOf(input, input.filter === 'label-errors' ? 7 : total);
    },
  });
  const manager = new DisagreementManager(backend.rpc, ids, choice);
  const questions = () => backend.asked.map(({ input }) => input as Question);
  return { manager, questions };
}

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const settle = () => vi.advanceTimersByTimeAsync(200);

describe('rows that runs answered', () => {
  it('begin with those on which several runs differ, and with the errors of a single one', async () => {
    const two = open();
    const one = open({ ids: ['a'] });
    const cell = open({ ids: ['a'], choice: { expected: 'ham', predicted: 'spam' } });
    await settle();
    expect(two.questions()[0]).toMatchObject({ filter: 'differ', rightId: 'a', wrongId: 'b' });
    expect(one.questions()[0]).toMatchObject({ filter: 'all-wrong', wrongId: null });
    expect(cell.questions()[0]).toMatchObject({ filter: 'all', expected: 'ham', predicted: 'spam' });
  });

  it('are walked over the ends of a page, however many there are', async () => {
    const { manager, questions } = open();
    await settle();
    await manager.move(-1);
    expect(manager.active).toBe(0);
    for (let step = 0; step < PAGE; step++) await Promise.all([manager.move(1), settle()]);
    expect([manager.number, manager.active]).toEqual([1, 0]);
    expect(manager.current?.row.row).toBe(PAGE + 1);
    await Promise.all([manager.move(-1), settle()]);
    expect(manager.current?.row.row).toBe(PAGE);
    expect(questions().map(({ offset }) => offset)).toEqual([0, PAGE]);
    await Promise.all([manager.turn(1e9), settle()]);
    expect(manager.current?.row.row).toBe(650_000 - PAGE + 1);
    manager.active = PAGE - 1;
    await manager.move(1);
    expect(manager.current?.row.row).toBe(650_000);
  });

  it('are read a little ahead of a walk, and a page that was refused is asked again', async () => {
    let broken = true;
    const { manager, questions } = open({
      wait: ({ offset }) => {
        if (offset === PAGE && broken) throw new Error('The connection was lost.');
      },
    });
    await settle();
    manager.active = PAGE - 2;
    await Promise.all([manager.move(1), settle()]);
    expect(manager.fault).toBeNull();
    broken = false;
    await Promise.all([manager.move(1), settle()]);
    expect(manager.current?.row.row).toBe(PAGE + 1);
    expect(questions().map(({ offset }) => offset)).toEqual([0, PAGE, PAGE]);
  });

  it('follow another filter from their first page, and words after a pause in typing', async () => {
    const { manager, questions } = open();
    await settle();
    await Promise.all([manager.turn(3), settle()]);
    manager.narrow({ filter: 'right-wrong', rightId: 'b', wrongId: 'a' });
    await settle();
    expect(questions().at(-1)).toMatchObject({
      filter: 'right-wrong',
      rightId: 'b',
      wrongId: 'a',
      offset: 0,
    });
    const before = questions().length;
    for (const query of ['f', 'fr', 'fre', 'free']) manager.narrow({ query });
    expect(manager.reading).toBe(true);
    expect(manager.value).not.toBeNull();
    await settle();
    expect(questions().slice(before)).toMatchObject([{ query: 'free', filter: 'right-wrong' }]);
    expect(manager.reading).toBe(false);
  });

  it('drop the answer to an older question', async () => {
    let slow: (() => void) | undefined;
    const { manager } = open({
      wait: ({ filter }) =>
        filter === 'label-errors' ? new Promise<void>((resolve) => (slow = resolve)) : undefined,
    });
    await settle();
    manager.narrow({ filter: 'label-errors' });
    await settle();
    manager.narrow({ filter: 'all' });
    await settle();
    slow?.();
    await settle();
    expect([manager.value?.total, manager.reading]).toEqual([650_000, false]);
  });

  it('show a fault, keep what was read, and come again when asked', async () => {
    let broken = false;
    const { manager } = open({
      wait: () => {
        if (broken) throw new Error('The data file is gone.');
      },
    });
    await settle();
    broken = true;
    manager.narrow({ filter: 'all-wrong' });
    await settle();
    expect(manager.fault?.message).toBe('The data file is gone.');
    expect(manager.value?.total).toBe(650_000);
    broken = false;
    await Promise.all([manager.replace(), settle()]);
    expect(manager.fault).toBeNull();
  });

  it('that were refused are asked again as they were asked, not from the page before', async () => {
    let broken = false;
    const { manager, questions } = open({
      wait: () => {
        if (broken) throw new Error('The data file is gone.');
      },
    });
    const refusedThenRetried = async (ask: () => void) => {
      broken = true;
      ask();
      await settle();
      broken = false;
      await Promise.all([manager.replace(), settle()]);
    };
    await settle();
    await refusedThenRetried(() => void manager.turn(3));
    expect([questions().at(-1)?.offset, manager.number]).toEqual([3 * PAGE, 3]);
    await refusedThenRetried(() => manager.narrow({ filter: 'label-errors' }));
    expect(questions().at(-1)).toMatchObject({ filter: 'label-errors', offset: 0 });
    expect([manager.number, manager.current?.row.row]).toEqual([0, 1]);
  });
});
