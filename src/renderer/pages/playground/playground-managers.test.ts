import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InputOf, OutputOf } from '../../../shared/contract.ts';
import { fakeBackend } from '../../fake-backend.ts';
import { PlaygroundManager } from './playground-manager.svelte.ts';
import { TextHistory } from './text-history.svelte.ts';
import { answer, choice } from './test-support.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const run = choice({ kind: 'experiment', id: 'e' }, { versionId: 'v', evalSplit: 'test', adapterId: 'a' });
const onnx = choice({ kind: 'export', id: 'x', target: 'onnx' });
const base = choice({ kind: 'model', id: 'm' }, { labels: ['1', '2'], textPair: null });

/** A manager over a backend that answers with the number of characters; `hold` keeps answers back until `letGo`. */
function opened(choices = [run, onnx, base]) {
  const held: (() => void)[] = [];
  const state = { hold: false, holdChoices: false, choices };
  const answerTo = async ({ text }: InputOf<'playground/answer'>): Promise<OutputOf<'playground/answer'>> => {
    if (state.hold) await new Promise<void>((resolve) => held.push(resolve));
    if (text === 'refuse') throw new Error('no memory');
    return { answer: answer(text.length / 100) };
  };
  const backend = fakeBackend({
    'playground/choices': async () => {
      const reply = { choices: structuredClone(state.choices) };
      if (state.holdChoices) await new Promise<void>((resolve) => held.push(resolve));
      return reply;
    },
    'playground/answer': answerTo,
    'playground/attribute': async ({ label }) => {
      if (state.hold) await new Promise<void>((resolve) => held.push(resolve));
      return { attribution: { label, tokens: [], empty: '[PAD]', difference: 1, gap: 0, steps: 32 } };
    },
    'datasets/rows': ({ offset = 0 }) => ({
      total: 40,
      items: [
        {
          row: offset + 1,
          text: `row ${offset + 1}`,
          textPair: null,
          label: 'ham',
          split: null,
          tokens: null,
          extra: {},
        },
      ],
    }),
  });
  const history = new TextHistory();
  const manager = new PlaygroundManager(backend.rpc, history);
  const texts = () =>
    backend.asked
      .filter(({ method }) => method === 'playground/answer')
      .map(({ input }) => (input as { text: string }).text);
  const type = async (text: string) => {
    history.text = text;
    manager.type();
    await vi.advanceTimersByTimeAsync(100);
  };
  return {
    ...backend,
    manager,
    history,
    state,
    texts,
    type,
    held,
    letGo: () => held.splice(0).forEach((go) => go()),
  };
}

describe('what an address names', () => {
  it('answers: an experiment by its adapter too, an export by its target, the newest where it names none', async () => {
    const { manager } = opened();
    await manager.open('adapter:a', 'export:x:onnx');
    expect([manager.first.choice, manager.second.choice]).toEqual([run, onnx]);
    await manager.open('model:m', null);
    expect([manager.first.choice, manager.second.choice]).toEqual([base, null]);
    const other = opened();
    await other.manager.open(null, null);
    expect(other.manager.first.choice).toEqual(run);
  });

  it('is said to be gone where nothing of that name answers', async () => {
    const { manager } = opened();
    await manager.open('experiment:removed', null);
    expect(manager.first.choice).toBeNull();
    expect(manager.fault?.code).toBe('playground/unknown');
  });
});

describe('what can answer, read again', () => {
  it('leaves the answerer that is there, though a newer one came', async () => {
    const { manager, state } = opened([run]);
    await manager.open(null, null);
    state.choices = [onnx, run];
    await manager.open(null, null);
    expect(manager.first.choice).toEqual(run);
    state.choices = [onnx];
    await manager.open(null, null);
    expect(manager.first.choice).toEqual(onnx);
  });

  it('twice at once is what the later reading said', async () => {
    const { manager, state, held } = opened([run]);
    state.holdChoices = true;
    const older = manager.open('experiment:e', null);
    await vi.advanceTimersByTimeAsync(0);
    state.choices = [run, base];
    const newer = manager.open('model:m', null);
    await vi.advanceTimersByTimeAsync(0);
    held[1]?.();
    await newer;
    held[0]?.();
    await older;
    expect(manager.first.choice).toEqual(base);
    expect(manager.value).toEqual([run, base]);
  });

  it('suggests another one to compare with, of the same labels where there is one', async () => {
    const { manager, state } = opened([run, base, onnx]);
    await manager.open('experiment:e', null);
    expect(manager.suggestion).toEqual(onnx);
    state.choices = [run, base];
    await manager.open('experiment:e', null);
    expect(manager.suggestion).toEqual(base);
    state.choices = [run];
    await manager.open('experiment:e', null);
    expect(manager.suggestion).toBeNull();
  });
});

describe('typing', () => {
  it('asks after a pause, and only for the newest text once the one under way is answered', async () => {
    const { manager, state, type, texts, letGo } = opened();
    await manager.open('experiment:e', null);
    state.hold = true;
    for (const text of ['f', 'fr', 'free']) await type(text);
    expect(texts()).toEqual(['f']);
    letGo();
    await vi.advanceTimersByTimeAsync(0);
    expect(texts()).toEqual(['f', 'free']);
    letGo();
    await vi.advanceTimersByTimeAsync(0);
    expect(manager.first.value?.probabilities[1]).toBe(0.04);
    expect(manager.first.reading).toBe(false);
  });

  it('asks both answerers, and forgets what was said of a text that is gone', async () => {
    const { manager, type, texts } = opened();
    await manager.open('experiment:e', 'export:x:onnx');
    await type('hello');
    expect(texts()).toEqual(['hello', 'hello']);
    expect(manager.second.value).not.toBeNull();
    await type('  ');
    expect([manager.first.value, manager.second.value]).toEqual([null, null]);
  });

  it('shows a refusal in its words until an answer comes', async () => {
    const { manager, type } = opened();
    await manager.open('experiment:e', null);
    await type('refuse');
    expect(manager.first.fault?.message).toBe('no memory');
    await type('more');
    expect(manager.first.fault).toBeNull();
    expect(manager.first.value).not.toBeNull();
  });

  it('drops the answer of a model that is no longer chosen', async () => {
    const { manager, state, type, letGo } = opened();
    await manager.open('experiment:e', null);
    state.hold = true;
    await type('hello');
    await manager.open('model:m', null);
    letGo();
    await vi.advanceTimersByTimeAsync(0);
    expect(manager.first.value).toBeNull();
    letGo();
    await vi.advanceTimersByTimeAsync(0);
    expect(manager.first.value).not.toBeNull();
  });

  it('drops the answer to a text that was cleared meanwhile', async () => {
    const { manager, state, type, letGo } = opened();
    await manager.open('experiment:e', null);
    state.hold = true;
    await type('hello');
    await type('');
    letGo();
    await vi.advanceTimersByTimeAsync(0);
    expect(manager.first.value).toBeNull();
    expect(manager.first.reading).toBe(false);
  });

  it.each(['before', 'after'])(
    'an explanation of an older text counts for nothing, %s the newer one',
    async (order) => {
      const { manager, state, type, held } = opened();
      await manager.open('experiment:e', null);
      manager.explain(true);
      for (const text of ['hello', 'hello there']) {
        state.hold = false;
        await type(text);
        state.hold = true;
        await vi.advanceTimersByTimeAsync(500);
      }
      const [older, newer] = held;
      (order === 'before' ? older : newer)?.();
      await vi.advanceTimersByTimeAsync(0);
      expect(manager.first.why.reading).toBe(order === 'before');
      (order === 'before' ? newer : older)?.();
      await vi.advanceTimersByTimeAsync(0);
      expect(manager.first.why.value?.text).toBe('hello there');
      expect(manager.first.why.reading).toBe(false);
    },
  );

  it('explains after a longer pause, the likeliest label or the one that was chosen', async () => {
    const { manager, type, asked } = opened();
    await manager.open('experiment:e', null);
    manager.explain(true);
    await type('hello');
    const labels = () =>
      asked.flatMap(({ method, input }) =>
        method === 'playground/attribute' ? [(input as { label: string }).label] : [],
      );
    expect(labels()).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect(labels()).toEqual(['ham']);
    expect(manager.first.why.value).toMatchObject({ text: 'hello', found: { label: 'ham' } });
    manager.explainLabel('spam');
    await vi.advanceTimersByTimeAsync(500);
    expect(labels()).toEqual(['ham', 'spam']);
    manager.explain(false);
    expect(manager.first.why.value).toBeNull();
  });

  it('keeps texts that stood a while; one that goes on replaces its beginning', async () => {
    const { manager, history, type } = opened();
    await manager.open('experiment:e', null);
    await type('free');
    await vi.advanceTimersByTimeAsync(2000);
    await type('free prize');
    await vi.advanceTimersByTimeAsync(2000);
    await type('mum');
    manager.close();
    expect(history.texts.map(({ text }) => text)).toEqual(['mum', 'free prize']);
  });
});

describe('pairs and examples', () => {
  it('offers a second text where it is not known, and always has it where the model was trained on pairs', async () => {
    const { manager, history, type, asked } = opened([
      run,
      choice({ kind: 'model', id: 'm' }, { textPair: null }),
    ]);
    await manager.open('experiment:e', null);
    expect([manager.canPair, manager.hasPair]).toEqual([false, false]);
    await manager.open('model:m', null);
    expect([manager.canPair, manager.hasPair]).toEqual([true, false]);
    manager.pair(true);
    history.textPair = 'second';
    await type('first');
    expect(asked.at(-1)?.input).toMatchObject({ text: 'first', textPair: 'second' });
    const trained = opened([choice({ kind: 'experiment', id: 'p' }, { textPair: true })]);
    await trained.manager.open(null, null);
    expect(trained.manager.hasPair).toBe(true);
  });

  it('are rows of the split that it did not train on, answered by a click', async () => {
    const { manager, asked, texts, history } = opened();
    await manager.open('experiment:e', null);
    expect(asked.at(-1)).toMatchObject({ method: 'datasets/rows', input: { versionId: 'v', split: 'test' } });
    const [row] = manager.examples.value!.items;
    manager.take({ text: row!.text, textPair: row!.textPair });
    await vi.advanceTimersByTimeAsync(0);
    expect(texts()).toEqual(['row 1']);
    expect(history.texts[0]?.text).toBe('row 1');
  });
});
