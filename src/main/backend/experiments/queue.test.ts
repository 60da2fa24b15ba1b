import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { InputOf } from '../../../shared/contract.ts';
import { testBackend, type TestBackend } from '../test-support.ts';
import { atStep, inState, longTraining, outcomeOf, seedStore, smallSpec } from './test-support.ts';

async function create(backend: TestBackend, spec: InputOf<'experiments/create'>['spec']): Promise<string> {
  return (await backend.call('experiments/create', { spec })).experiment.id;
}

const folderOf = async (backend: TestBackend, id: string): Promise<string> =>
  (await backend.call('experiments/read', { id })).folder;

// Engines start several times here, on whatever machine.
const patient = { timeout: 240_000 };

describe('a running experiment', patient, () => {
  it('that is paused and resumed ends with the bytes of one that was left alone', async () => {
    const backend = await testBackend();
    const seeded = await seedStore(backend);
    const training = { num_train_epochs: 20, eval_strategy: 'no' };
    const whole = await create(backend, smallSpec(seeded, training));
    await inState(backend, whole, 'finished');

    const id = await create(backend, smallSpec(seeded, training));
    await atStep(backend, id, 12);
    await backend.call('experiments/pause', { id });
    const paused = await inState(backend, id, 'paused');
    expect(paused.checkpointStep).toBe(paused.step);
    expect(paused.step).toBeLessThan(320);
    await backend.call('experiments/resume', { id });
    await inState(backend, id, 'finished');
    expect(await outcomeOf(await folderOf(backend, id))).toEqual(
      await outcomeOf(await folderOf(backend, whole)),
    );
    const [own, other] = await Promise.all(
      [id, whole].map(async (one) => (await backend.call('experiments/curve', { id: one })).curve),
    );
    expect(own!.loss).toEqual(other!.loss);
    expect(own!.step).toHaveLength(320);
  });

  it('that is stopped keeps the adapter as it was by then, and can still go on', async () => {
    const backend = await testBackend();
    const id = await create(backend, smallSpec(await seedStore(backend), longTraining));
    await atStep(backend, id, 8);
    await expect(backend.call('experiments/remove', { ids: [id] })).rejects.toThrow(/is running\.$/);
    await backend.call('experiments/stop', { id });
    const stopped = await inState(backend, id, 'stopped');
    expect(stopped.step).toBeGreaterThanOrEqual(8);
    const { folder, adapterId } = await backend.call('experiments/read', { id });
    expect(adapterId).not.toBeNull();
    expect(await readdir(folder)).toContain('adapter_model.safetensors');
    await backend.call('experiments/resume', { id });
    await atStep(backend, id, stopped.step + 1);
    await backend.call('experiments/pause', { id });
    const { curve } = await backend.call('experiments/curve', { id });
    expect(curve.step).toEqual(Array.from(curve.step, (_, i) => i + 1));
  });

  it('is seen alike by every window, and by one that is opened later', async () => {
    const backend = await testBackend();
    const seen: unknown[][] = [[], []];
    const windows = seen.map((events) => backend.app.onEvent((message) => void events.push(message)));
    const id = await create(backend, smallSpec(await seedStore(backend)));
    await inState(backend, id, 'finished');
    for (const close of windows) close();
    expect(seen[0]!.length).toBeGreaterThan(3);
    expect(seen[0]).toEqual(seen[1]);
    const { curve } = await backend.call('experiments/curve', { id });
    const points = backend.seen.flatMap(({ event, data }) =>
      event === 'experiments/points' ? (data as { curve: { step: number[] } }).curve.step : [],
    );
    expect(points).toEqual(curve.step);
    const later = await backend.call('experiments/curve', { id, afterStep: 40 });
    expect(later.curve.step).toEqual(curve.step.filter((step) => step > 40));
  });
});

describe('the queue', patient, () => {
  it('runs one experiment at a time, in the order that a person gives it', async () => {
    const backend = await testBackend();
    const seeded = await seedStore(backend);
    const short = { max_steps: 2, eval_strategy: 'no' };
    const first = await create(backend, smallSpec(seeded, longTraining));
    await atStep(backend, first, 1);
    const [a, b, c] = [
      await create(backend, smallSpec(seeded, short)),
      await create(backend, smallSpec(seeded, short)),
      await create(backend, smallSpec(seeded, short)),
    ];
    await backend.call('experiments/move', { id: c, place: 1 });
    const { experiments } = await backend.call('experiments/list', {});
    const places = new Map(experiments.map(({ id, queuePlace }) => [id, queuePlace]));
    expect([first, a, b, c].map((id) => places.get(id))).toEqual([null, 2, 3, 1]);

    await backend.call('experiments/stop', { id: a });
    expect((await inState(backend, a, 'stopped')).queuePlace).toBeNull();
    await backend.call('experiments/remove', { ids: [b] });
    await backend.call('experiments/pause', { id: first });
    await inState(backend, c, 'finished');
    await backend.call('experiments/restore', { ids: [b] });
    await inState(backend, b, 'finished');
    const started = backend.seen.flatMap(({ event, data }) => {
      const { id, state } = data as { id?: string; state?: string };
      return event === 'experiments/changed' && state === 'finished' ? id : [];
    });
    expect([...new Set(started)]).toEqual([c, b]);
    expect((await inState(backend, first, 'paused')).state).toBe('paused');
  });

  it('makes an adapter of the checkpoint when a paused experiment is stopped', async () => {
    const backend = await testBackend();
    const id = await create(backend, smallSpec(await seedStore(backend), longTraining));
    await atStep(backend, id, 3);
    await backend.call('experiments/pause', { id });
    const { step } = await inState(backend, id, 'paused');
    await backend.call('experiments/stop', { id });
    expect((await inState(backend, id, 'stopped')).step).toBe(step);
    expect(await readdir(await folderOf(backend, id))).toContain('adapter_model.safetensors');
  });

  it('gives an experiment that is retried a run of its own, with the same spec', async () => {
    const backend = await testBackend();
    const spec = smallSpec(
      await seedStore(backend),
      { max_steps: 2, eval_strategy: 'no' },
      { name: 'Twice' },
    );
    const id = await create(backend, spec);
    await inState(backend, id, 'finished');
    const { experiment } = await backend.call('experiments/retry', { id });
    expect(experiment).toMatchObject({ name: 'Twice' });
    await inState(backend, experiment.id, 'finished');
    const [one, two] = [await folderOf(backend, id), await folderOf(backend, experiment.id)];
    expect(path.basename(one)).not.toBe(path.basename(two));
    expect(await outcomeOf(one)).toEqual(await outcomeOf(two));
  });
});
