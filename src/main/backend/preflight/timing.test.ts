import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { InputOf } from '../../../shared/contract.ts';
import { RefusedError } from '../../../shared/rpc-client.ts';
import { golden } from '../../engine/formats/test-support.ts';
import { testBackend, type TestBackend } from '../test-support.ts';
import { keptBaselines } from '../experiments/baselines.ts';
import { storeModel, storeRows, texts } from './test-support.ts';
import { specSchema } from '../../../shared/contract/experiments.ts';

type Spec = InputOf<'experiments/time'>['spec'];

async function started(labels = ['ham', 'spam']): Promise<{ backend: TestBackend; spec: Spec }> {
  const backend = await testBackend();
  const rows = [...texts(60, labels, 'train'), ...texts(30, labels, 'test', 500)];
  const spec: Spec = {
    modelId: storeModel(backend.context),
    versionId: storeRows(backend.context, rows),
    data: { trainSplit: 'train', evalSplit: 'test' },
    adapter: { peft_type: 'LORA', task_type: 'SEQ_CLS', r: 4, target_modules: ['query', 'value'] },
    training: { learning_rate: 1e-3, seed: 42, eval_strategy: 'epoch' },
  };
  return { backend, spec };
}

const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'not refused',
    (error: unknown) => (error instanceof RefusedError ? error.fault.code : error),
  );

describe('the timed part of a pre-flight', () => {
  it('times real steps of the real engine, and keeps the baselines of the rows', async () => {
    const { backend, spec } = await started();
    const timing = await backend.call('experiments/time', { spec });
    expect(timing.secondsPerStep).toBeGreaterThan(0);
    // 60 rows in batches of 8, three times, and what evaluations take.
    expect(timing.totalSeconds).toBeGreaterThan(24 * timing.secondsPerStep);
    expect(timing.peakMemoryMb).toBeGreaterThan(50);
    expect(timing.memoryFreeMb).toBeGreaterThan(0);
    expect(timing.baselines).toMatchObject({
      majority: { label: 'ham', accuracy: 0.5 },
      ownHead: null,
      evalRows: 30,
      probeRows: 60,
    });
    expect(timing.baselines.ownHeadReason).toContain('1 star');
    expect(timing.baselines.linearProbe!.accuracy).toBeGreaterThan(0);
    expect(await readdir(backend.context.workspace.temporary)).toEqual([]);

    const engines = backend.host.engines.length;
    expect(await backend.call('experiments/time', { spec })).toEqual(timing);
    expect(backend.host.engines).toHaveLength(engines);
    // Other settings of the same rows are timed, and the baselines cost nothing.
    const other = { ...spec, training: { ...spec.training, per_device_train_batch_size: 16 } };
    expect((await backend.call('experiments/time', { spec: other })).baselines).toEqual(timing.baselines);
    expect(backend.host.engines).toHaveLength(engines + 1);
    expect(keptBaselines(backend.context, specSchema.parse(spec))).toEqual(timing.baselines);
  });

  it.each(['roberta', 'albert', 'deberta-v2', 'modernbert'])('takes %s as it takes BERT', async (type) => {
    const { backend, spec } = await started();
    const modelId = storeModel(backend.context, path.join(golden, 'seed1/models', type));
    const asked = { ...spec, modelId, adapter: { ...spec.adapter, target_modules: null } };
    const timing = await backend.call('experiments/time', { spec: asked });
    expect(timing.secondsPerStep).toBeGreaterThan(0);
    expect(timing.totalSeconds).toBeGreaterThan(24 * timing.secondsPerStep);
    expect(timing.peakMemoryMb).toBeGreaterThan(50);
    expect(timing.baselines.linearProbe!.accuracy).toBeGreaterThan(0);
  });

  it("scores the base's own head where its labels are the data's", async () => {
    const { backend, spec } = await started(['5 stars', '1 star', '3 stars', '2 stars', '4 stars']);
    const { baselines } = await backend.call('experiments/time', { spec });
    expect(baselines.ownHeadReason).toBeNull();
    expect(baselines.ownHead!.accuracy).toBeLessThanOrEqual(1);
  });

  it('gives way to a training: refused while one has the device', async () => {
    const { backend, spec } = await started();
    const timed = refusal(backend.call('experiments/time', { spec }));
    await backend.call('experiments/create', {
      spec: { ...spec, training: { ...spec.training, num_train_epochs: 400 } },
    });
    expect(await timed).toBe('preflight/device-busy');
    expect(await refusal(backend.call('experiments/time', { spec }))).toBe('preflight/device-busy');
  });

  it('works out the baselines of a run that nobody timed, when it is looked at and nothing trains', async () => {
    const { backend, spec } = await started();
    const { experiment } = await backend.call('experiments/create', { spec });
    const { id } = experiment;
    await backend.event('experiments/changed', (run) => run.id === id && run.state === 'finished');
    // While another one trains they are left for later.
    const endless = { ...spec, training: { ...spec.training, num_train_epochs: 400 } };
    const { experiment: other } = await backend.call('experiments/create', { spec: endless });
    expect((await backend.call('experiments/read', { id })).baselines).toBeNull();
    await backend.call('experiments/stop', { id: other.id });
    await backend.event('experiments/changed', (run) => run.id === other.id && run.state === 'stopped');
    const known = backend.nextEvent('experiments/changed', (run) => run.id === id);
    expect((await backend.call('experiments/read', { id })).baselines).toBeNull();
    await known;
    const { baselines } = await backend.call('experiments/read', { id });
    expect(baselines).toMatchObject({ majority: { label: 'ham', accuracy: 0.5 }, probeRows: 60 });
  });

  it('works out those of its neighbours on the same version too, though only one run is looked at', async () => {
    const { backend, spec } = await started();
    const ids: string[] = [];
    // Other rows of the version, so that the one's baselines are not the other's.
    for (const count of [60, 40]) {
      const data = { ...spec.data, trainSelect: { shuffle_seed: null, count } };
      const { experiment } = await backend.call('experiments/create', { spec: { ...spec, data } });
      await backend.event(
        'experiments/changed',
        (run) => run.id === experiment.id && run.state === 'finished',
      );
      ids.push(experiment.id);
    }
    const known = ids.map((id) => backend.nextEvent('experiments/changed', (run) => run.id === id));
    await backend.call('experiments/read', { id: ids[0]! });
    await Promise.all(known);
    const rows = await Promise.all(
      ids.map(async (id) => (await backend.call('experiments/read', { id })).baselines?.probeRows),
    );
    expect(rows).toEqual([60, 40]);
  });

  it('has one engine at a time: baselines that nobody waits for give way to a question', async () => {
    const { backend, spec } = await started();
    const { experiment } = await backend.call('experiments/create', { spec });
    const { id } = experiment;
    await backend.event('experiments/changed', (run) => run.id === id && run.state === 'finished');
    const { host } = backend;
    const start = host.startEngine.bind(host);
    let alive = 0;
    let most = 0;
    const late = Promise.withResolvers<undefined>();
    host.startEngine = () => {
      const engine = start();
      most = Math.max(most, ++alive);
      engine.onExit(() => alive--);
      late.resolve(undefined);
      return engine;
    };
    await backend.call('experiments/read', { id });
    await late.promise;
    const timing = backend.call('experiments/time', { spec });
    await backend.call('experiments/read', { id });
    const { baselines } = await timing;
    expect(most).toBe(1);
    expect((await backend.call('experiments/read', { id })).baselines).toEqual(baselines);
  });

  it('looks for label errors in training rows by the same probe, and keeps what it found with the version', async () => {
    const { backend, spec } = await started();
    const { versionId, modelId } = spec;
    expect(await backend.call('compare/label-errors', { versionId })).toEqual({ found: null, items: [] });
    const { jobId } = await backend.call('compare/cross-predict', { versionId, split: 'train', modelId });
    expect((await backend.context.jobs.finished(jobId)).fault).toBeNull();
    const { found, items } = await backend.call('compare/label-errors', { versionId });
    expect(found).toMatchObject({ split: 'train', looked: 60, rows: 60 });
    expect(items.length).toBe(found!.errors);
    for (const { row, suggested } of items) {
      expect(row.split).toBe('train');
      expect(suggested).not.toBe(row.label);
    }
  });

  it('ends an older question when a newer one comes', async () => {
    const { backend, spec } = await started();
    const older = refusal(backend.call('experiments/time', { spec }));
    const newer = backend.call('experiments/time', {
      spec: { ...spec, data: { trainSplit: 'train' }, training: { seed: 1 } },
    });
    expect(await older).toBe('preflight/another-asked');
    expect((await newer).baselines).toMatchObject({
      ownHeadReason: 'No rows are evaluated.',
      linearProbe: null,
    });
  });

  it('says what is wrong before anything is started', async () => {
    const { backend, spec } = await started();
    expect(await refusal(backend.call('experiments/time', { spec: { ...spec, modelId: 'gone' } }))).toBe(
      'store/unknown',
    );
    const broken = { ...spec, training: { learning_rate: -1 } };
    expect(await refusal(backend.call('experiments/time', { spec: broken }))).toBe('settings/value');
    expect(backend.host.engines).toEqual([]);
  });
});
