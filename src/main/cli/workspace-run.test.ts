import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Experiment } from '../../shared/contract/experiments.ts';
import { testBackend, workspaceFolder } from '../backend/test-support.ts';
import { inState } from '../backend/experiments/test-support.ts';
import { ended, golden, graft, startGraft } from './test-support.ts';

/** A folder with a config and its data; 9 steps an epoch. */
async function project(training: Record<string, unknown>): Promise<{ folder: string; config: string }> {
  const folder = path.join(await workspaceFolder(), 'project');
  await mkdir(folder);
  const rows = Array.from({ length: 36 }, (_, i) => `text number ${i},${i % 2 === 0 ? 'good' : 'bad'}`);
  await writeFile(path.join(folder, 'train.csv'), ['text,label', ...rows, ''].join('\n'));
  await writeFile(path.join(folder, 'eval.csv'), ['text,label', ...rows.slice(0, 8), ''].join('\n'));
  const config = path.join(folder, 'reviews.json');
  const given = {
    model: path.join(golden, 'models/bert'),
    data: { train: 'train.csv', eval: 'eval.csv' },
    adapter: { peft_type: 'LORA', r: 4, target_modules: ['query', 'value'] },
    training: { per_device_train_batch_size: 4, learning_rate: 1e-3, ...training },
    output_dir: 'out',
  };
  await writeFile(config, JSON.stringify(given));
  return { folder, config };
}

const patient = { timeout: 120_000 };

describe('graft train --workspace', patient, () => {
  it('leaves an experiment that the window shows whole, with the texts of its predictions', async () => {
    const { folder, config } = await project({ num_train_epochs: 1 });
    const dir = await workspaceFolder();
    const trained = await graft(['train', '--config', config, '--workspace', dir]);
    expect(trained.stderr + trained.stdout).toContain('Trained 9 steps');

    const backend = await testBackend(dir);
    const { experiments } = await backend.call('experiments/list', {});
    expect(experiments).toHaveLength(1);
    const [{ id }] = experiments as [Experiment];
    expect(experiments[0]).toMatchObject({
      name: 'reviews, LoRA r=4',
      state: 'finished',
      modelName: 'bert',
      dataName: 'train.csv',
      step: 9,
      totalSteps: 9,
      fault: null,
    });
    const { curve } = await backend.call('experiments/curve', { id });
    expect(curve.step).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const detail = await backend.call('experiments/read', { id });
    expect(detail.folder).toBe(path.join(folder, 'out'));
    expect(detail.adapterId).not.toBeNull();
    // The adapter's own file says no more than the base's name; where it lies stands in the store.
    const written: unknown = JSON.parse(await readFile(path.join(folder, 'out/adapter_config.json'), 'utf8'));
    expect(written).toMatchObject({ base_model_name_or_path: 'bert' });
    const { lineage } = await backend.call('adapters/read', { id: detail.adapterId! });
    expect(lineage.base).toMatchObject({ name: 'bert', matches: true, reason: null });
    const { items } = await backend.call('experiments/predictions', { id });
    expect(items.map(({ row }) => row.text)).toEqual(Array.from({ length: 8 }, (_, i) => `text number ${i}`));
    await expect(backend.call('experiments/retry', { id })).rejects.toThrow(/from the command line/);
  });

  it('is seen live by an open window, which can pause it and go on with it to the same bytes', async () => {
    const training = { num_train_epochs: 100, save_steps: 50 };
    const { folder, config } = await project(training);
    const backend = await testBackend();
    const end = ended(startGraft(['train', '--config', config, '--workspace', backend.dir]));
    const points = await backend.nextEvent('experiments/points', ({ curve }) => curve.step.length > 0);
    const { id } = points;
    expect((await backend.call('experiments/read', { id })).experiment).toMatchObject({ state: 'running' });
    await backend.call('experiments/pause', { id });
    const paused = await inState(backend, id, 'paused');
    expect((await end).status).toBe(1);
    expect(paused.checkpointStep).toBe(paused.step);
    await backend.call('experiments/resume', { id });
    await inState(backend, id, 'finished');
    const finished = await graft(['train', '--config', config, '--output', path.join(folder, 'whole')]);
    expect(finished.status).toBe(0);
    const [own, other] = await Promise.all(
      ['out', 'whole'].map((name) => readFile(path.join(folder, name, 'adapter_model.safetensors'))),
    );
    expect(own!.equals(other!)).toBe(true);
  });

  it('that is killed is interrupted in the window, and a second run in the same folder takes its place', async () => {
    const { config } = await project({ num_train_epochs: 2000, save_strategy: 'no' });
    const backend = await testBackend();
    const child = startGraft(['train', '--config', config, '--workspace', backend.dir]);
    const end = ended(child);
    const { id } = await backend.nextEvent('experiments/points');
    child.kill('SIGKILL');
    const interrupted = await inState(backend, id, 'interrupted');
    expect(interrupted.fault!.message).toMatch(/^The training process was ended from outside/);
    expect(interrupted.checkpointStep).toBeNull();
    await end;
    const again = ['--set', 'training.num_train_epochs=1', '--overwrite'];
    expect((await graft(['train', '--config', config, '--workspace', backend.dir, ...again])).status).toBe(0);
    const { experiments } = await backend.call('experiments/list', {});
    expect(experiments.map(({ state }) => state)).toEqual(['finished']);
  });
});
