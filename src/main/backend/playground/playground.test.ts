import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Answerer } from '../../../shared/contract/playground.ts';
import { inState, seedStore, smallSpec } from '../experiments/test-support.ts';
import { testBackend, type TestBackend } from '../test-support.ts';

const golden = path.resolve(import.meta.dirname, '../../../../fixtures/golden/seed1/models/bert');

let backend: TestBackend;
beforeEach(async () => {
  backend = await testBackend();
});

/** The tiny golden model, which has a head of five stars. */
async function stars(): Promise<Answerer> {
  const { model } = await backend.call('models/add-folder', { folder: golden });
  return { kind: 'model', id: model.id };
}

async function trained(): Promise<Answerer> {
  const { versionId } = await seedStore(backend);
  // The seeded model has no facts of its own: nothing that lists models could read it.
  backend.context.db.prepare('DELETE FROM models').run();
  const { id: modelId } = await stars();
  const seeded = { modelId, versionId };
  const { experiment } = await backend.call('experiments/create', {
    spec: smallSpec(seeded, { num_train_epochs: 1 }, { name: 'Ham or spam' }),
  });
  await inState(backend, experiment.id, 'finished');
  return { kind: 'experiment', id: experiment.id };
}

describe('answering a text', () => {
  it('gives a probability a label, how many tokens there were and whether the text was cut', async () => {
    const answerer = await stars();
    const { answer } = await backend.call('playground/answer', { answerer, text: 'great food' });
    expect(answer.labels).toEqual(['1 star', '2 stars', '3 stars', '4 stars', '5 stars']);
    expect(answer.probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1);
    expect(answer.cut).toBe(false);
    const long = await backend.call('playground/answer', { answerer, text: 'great '.repeat(2000) });
    expect(long.answer.cut).toBe(true);
    expect(long.answer.tokens).toBeGreaterThan(answer.tokens);
  });

  it('answers as the experiment does, cut where it was trained to, and lists it with its data', async () => {
    const answerer = await trained();
    const { choices } = await backend.call('playground/choices', {});
    const choice = choices.find((one) => one.answerer.kind === 'experiment');
    expect(choice).toMatchObject({ answerer, name: 'Ham or spam', labels: ['ham', 'spam'], textPair: false });
    expect(choice?.versionId).not.toBeNull();
    const { answer } = await backend.call('playground/answer', { answerer, text: 'free prize' });
    expect(answer.labels).toEqual(['ham', 'spam']);
    const same = await backend.call('playground/answer', {
      answerer: { kind: 'adapter', id: choice!.adapterId! },
      text: 'free prize',
    });
    expect(same.answer.probabilities).toEqual(answer.probabilities);
  });

  it('starts another process after the one that answers was killed, and says what happened', async () => {
    const answerer = await stars();
    await backend.call('playground/answer', { answerer, text: 'one' });
    const asked = backend.call('playground/answer', { answerer, text: 'two '.repeat(300) });
    backend.host.engines.at(-1)!.kill('SIGKILL');
    await expect(asked).rejects.toMatchObject({ fault: { code: 'playground/ended' } });
    const { answer } = await backend.call('playground/answer', { answerer, text: 'three' });
    expect(answer.probabilities).toHaveLength(5);
  });

  it('uses one process for all answerers and ends it when it is closed', async () => {
    const answerer = await stars();
    await backend.call('playground/answer', { answerer, text: 'one' });
    await backend.call('playground/answer', { answerer, text: 'two' });
    expect(backend.host.engines).toHaveLength(1);
    const ended = new Promise((resolve) => backend.host.engines[0]!.onExit(resolve));
    await backend.call('playground/close', {});
    await ended;
  });
});
