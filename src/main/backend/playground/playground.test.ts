import { readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Answerer } from '../../../shared/contract/playground.ts';
import { openTable } from '../../engine/data/table.ts';
import { inState, seedStore, smallSpec } from '../experiments/test-support.ts';
import { RefusedError } from '../../../shared/rpc-client.ts';
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
    const engine = backend.host.engines.at(-1)!;
    const send = engine.send.bind(engine);
    // It is dead before it can read the question.
    engine.send = (message) => {
      engine.kill('SIGKILL');
      send(message);
    };
    const asked = backend.call('playground/answer', { answerer, text: 'two' });
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

describe('explaining an answer', () => {
  it('gives what each token speaks for the label, adding up to the difference of its logit', async () => {
    const answerer = await stars();
    const text = 'great food, slow service';
    const { attribution } = await backend.call('playground/attribute', { answerer, text, label: '4 stars' });
    const { tokens, difference, gap, empty } = attribution;
    expect(empty).toBe('[PAD]');
    expect(tokens.map(({ start, end }) => text.slice(start, end)).join('')).toBe(text.replaceAll(' ', ''));
    expect(tokens.reduce((sum, { value }) => sum + value, 0) - difference).toBeCloseTo(gap, 10);
    expect(Math.abs(gap)).toBeLessThan(0.01);
    await expect(
      backend.call('playground/attribute', { answerer, text, label: '6 stars' }),
    ).rejects.toMatchObject({ fault: { code: 'playground/no-label' } });
  });
});

describe('answering a file', () => {
  const texts = (rows: number): string =>
    ['text,id', ...Array.from({ length: rows }, (_, i) => `great food ${i},${i}`), ''].join('\n');
  const inFolder = async (content: string) => {
    const folder = backend.context.workspace.inbox;
    const input = path.join(folder, 'in.csv');
    await writeFile(input, content);
    return { folder, input, output: path.join(folder, 'out.parquet') };
  };

  it('is a job that ends with the file, its own columns first', async () => {
    const answerer = await stars();
    const { input, output } = await inFolder(texts(300));
    const asked = { answerer, input, textColumn: 'text', output, format: 'parquet' as const };
    const { jobId } = await backend.call('playground/batch', asked);
    const job = await backend.context.jobs.finished(jobId);
    expect(job).toMatchObject({ state: 'done', result: output, done: 300, total: 300, unit: 'rows' });
    const table = await openTable(output);
    expect(table.count).toBe(300);
    expect(table.columns.slice(0, 4)).toEqual(['text', 'id', 'label', 'score']);
    await expect(backend.call('playground/batch', asked)).rejects.toMatchObject({
      fault: { code: 'playground/output-exists' },
    });
    await expect(backend.call('playground/batch', { ...asked, output: input })).rejects.toMatchObject({
      fault: { code: 'playground/output-is-input' },
    });
    const over = { ...asked, overwrite: true };
    const replaced = await backend.call('playground/batch', over);
    expect((await backend.context.jobs.finished(replaced.jobId)).state).toBe('done');
    // Nothing else is replaced, whatever a window says.
    const folder = path.dirname(output);
    const others = ['graft.db', 'notes.parquet', 'table.csv', 'link.parquet'].map((name) =>
      path.join(folder, name),
    );
    const [state, notes, table2, link] = others as [string, string, string, string];
    for (const file of [state, notes]) await writeFile(file, 'mine');
    await writeFile(table2, 'text,label\na,b\n');
    await symlink(output, link);
    const refused = async (change: object) =>
      backend.call('playground/batch', { ...over, ...change }).then(
        () => null,
        (error: unknown) => error instanceof RefusedError && error.fault.code,
      );
    expect(await refused({ output: state })).toBe('playground/output-type');
    expect(await refused({ output: table2 })).toBe('playground/output-type');
    expect(await refused({ output: table2, format: 'csv' })).toBe('playground/output-not-answers');
    expect(await refused({ output: notes })).toBe('playground/output-not-answers');
    expect(await refused({ output: link })).toBe('playground/output-not-answers');
    expect(await readFile(table2, 'utf8')).toBe('text,label\na,b\n');
    for (const file of others) await rm(file);
  });

  it('leaves nothing behind when it is cancelled in the middle, or when a row has no text', async () => {
    const answerer = await stars();
    const { folder, input, output } = await inFolder(texts(200_000));
    const asked = { answerer, input, textColumn: 'text', output, format: 'parquet' as const };
    const { jobId } = await backend.call('playground/batch', asked);
    await backend.event(
      'jobs/changed',
      ({ id, phase, done }) => id === jobId && phase === 'Answering' && done > 0,
    );
    await backend.call('jobs/cancel', { id: jobId });
    expect((await backend.context.jobs.finished(jobId)).state).toBe('cancelled');
    expect(await readdir(folder)).toEqual(['in.csv']);

    await writeFile(path.join(folder, 'in.jsonl'), '{"text":"a b"}\n{"text":null}\n');
    const failing = await backend.call('playground/batch', {
      ...asked,
      input: path.join(folder, 'in.jsonl'),
    });
    const failed = await backend.context.jobs.finished(failing.jobId);
    expect(failed).toMatchObject({ state: 'failed', fault: { code: 'data/missing-text' } });
    expect((await readdir(folder)).sort()).toEqual(['in.csv', 'in.jsonl']);
  });
});
