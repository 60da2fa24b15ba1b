import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSafetensors } from '../../engine/formats/safetensors.ts';
import { bytesOf } from '../../engine/formats/dtype.ts';
import { changedModel } from '../../engine/models/test-support.ts';
import { writeSafetensors } from '../../engine/formats/write-safetensors.ts';
import { inState } from '../experiments/test-support.ts';
import { storeRows, texts } from '../preflight/test-support.ts';
import { testBackend, type TestBackend } from '../test-support.ts';
import { addModel, copiedAdapter, goldenAdapter, importGolden } from './test-support.ts';

const stars = ['1 star', '2 stars', '3 stars', '4 stars', '5 stars'];

/** Changes adapter_config.json of a folder. */
async function configure(folder: string, change: Record<string, unknown>): Promise<void> {
  const file = path.join(folder, 'adapter_config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  await writeFile(file, JSON.stringify({ ...config, ...change }));
}

/** Writes an adapter's weights again, each tensor as `change` makes it. */
async function rewrite(
  folder: string,
  change: (name: string, shape: readonly number[], values: Float32Array) => [number[], Float32Array],
): Promise<void> {
  const file = path.join(folder, 'adapter_model.safetensors');
  const source = await openSafetensors(file);
  const tensors = [];
  for (const [name, { shape }] of source.tensors) {
    const [size, values] = change(name, shape, await source.readFloat32(name));
    tensors.push({ name, dtype: 'F32' as const, shape: size, data: () => bytesOf(values) });
  }
  await source.close();
  await writeSafetensors(file, tensors, { format: 'pt' });
}

const stored = async (backend: TestBackend) => ({
  list: (await backend.call('adapters/list', {})).adapters,
  folders: await readdir(backend.context.workspace.adapters),
});

describe('import of a PEFT folder', () => {
  it('takes .safetensors and .bin as full copies, that stay when the folder goes', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const source = await copiedAdapter(backend, 'lora-qv');
    const { adapter } = await backend.call('adapters/import', { folder: source, modelId, name: 'Stars' });
    const bin = await importGolden(backend, modelId, 'lora-qv-bin');
    await rm(source, { recursive: true });

    expect(adapter).toMatchObject({
      ...{ name: 'Stars', origin: 'imported', peftType: 'LORA', rank: 8, labels: stars },
      ...{ present: true, exports: 0, experimentId: null, modelId },
    });
    expect(bin).toMatchObject({ name: 'lora-qv-bin', rank: 8, labels: stars, present: true });
    const { list, folders } = await stored(backend);
    expect(list.map(({ name }) => name)).toEqual(['lora-qv-bin', 'Stars']);
    expect(folders.sort()).toEqual([adapter.id, bin.id].sort());
    expect(await readdir(bin.folder)).toEqual(['adapter_config.json', 'adapter_model.bin']);
    const { lineage, config } = await backend.call('adapters/read', { id: adapter.id });
    expect(config).toMatchObject({ r: 8, lora_alpha: 16 });
    expect(lineage).toMatchObject({ data: null, experiment: null, parts: [], exports: [] });
    expect(lineage.base).toMatchObject({ modelId, name: 'model-seed1', matches: true, reason: null });
  });

  it('refuses a folder that is none, and says what is missing', async () => {
    const backend = await testBackend();
    const { modelId, folder } = await addModel(backend);
    const refused = backend.call('adapters/import', { folder, modelId });
    await expect(refused).rejects.toMatchObject({ fault: { code: 'adapters/no-adapter' } });
    await expect(refused).rejects.toThrow('there is no adapter_config.json');
  });

  it('refuses NaN with the name of the tensor', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const folder = await copiedAdapter(backend, 'lora-qv');
    const tensor = 'base_model.model.bert.encoder.layer.1.attention.self.value.lora_B.weight';
    await rewrite(folder, (name, shape, values) => {
      if (name === tensor) values[3] = NaN;
      return [[...shape], values];
    });
    const refused = backend.call('adapters/import', { folder, modelId });
    await expect(refused).rejects.toMatchObject({ fault: { code: 'models/not-finite' } });
    await expect(refused).rejects.toThrow(tensor);
    expect(await stored(backend)).toEqual({ list: [], folders: [] });
  });

  it('refuses an adapter for a base of another shape', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const folder = await copiedAdapter(backend, 'lora-qv');
    await rewrite(folder, (name, shape, values) =>
      name.endsWith('lora_A.weight')
        ? [[shape[0]!, shape[1]! / 2], values.slice(0, values.length / 2)]
        : [[...shape], values],
    );
    const refused = backend.call('adapters/import', { folder, modelId });
    await expect(refused).rejects.toMatchObject({ fault: { code: 'peft/tensor-shape' } });
    await expect(refused).rejects.toThrow('has shape [8, 16]; this base model needs [8, 32]');
  });

  it('takes an adapter that lacks a layer, and says what that means and how it is repaired, and never answers with it', async () => {
    const backend = await testBackend();
    const folder = await changedModel({}, (tensors) => {
      for (const name of [...tensors.keys()]) if (name.includes('pooler')) tensors.delete(name);
    });
    const { model } = await backend.call('models/add-folder', { folder });
    const adapter = await importGolden(backend, model.id, 'lora-all-linear');
    const { problem } = await backend.call('adapters/read', { id: adapter.id });
    expect(problem).toMatchObject({ code: 'peft/lost-layers' });
    expect(problem!.message).toMatch(
      /lacks bert\.pooler\.dense, and .*; what the file has of it is an adapter/,
    );
    expect(problem!.remedy).toContain('modules_to_save=["bert.pooler.dense"]');
    const whole = await importGolden(backend, (await addModel(backend)).modelId, 'lora-qv');
    expect((await backend.call('adapters/read', { id: whole.id })).problem).toBeNull();
    const { jobId } = await backend.call('adapters/evaluate', {
      id: adapter.id,
      versionId: storeRows(backend.context, texts(4, stars, 'test')),
      split: 'test',
    });
    expect((await backend.context.jobs.finished(jobId)).fault?.code).toBe('peft/lost-layers');
  });

  it('trains an adapter further that lacks a layer: the new one has it and answers; another plan is refused before', async () => {
    const backend = await testBackend();
    const folder = await changedModel({}, (tensors) => {
      for (const name of [...tensors.keys()]) if (name.includes('pooler')) tensors.delete(name);
    });
    const { model } = await backend.call('models/add-folder', { folder });
    const { id: initAdapterId } = await importGolden(backend, model.id, 'lora-qv');
    const { config, problem } = await backend.call('adapters/read', { id: initAdapterId });
    expect(problem).toMatchObject({ code: 'peft/lost-layers' });
    const spec = {
      modelId: model.id,
      versionId: storeRows(backend.context, texts(40, stars, 'train')),
      data: { trainSplit: 'train' },
      adapter: { ...config, inference_mode: false },
      training: { max_steps: 2, seed: 1 },
      initAdapterId,
    };
    const other = { ...spec, adapter: { ...spec.adapter, r: 2 } };
    const { findings, canStart } = await backend.call('experiments/preflight', { spec: other });
    expect(canStart).toBe(false);
    expect(findings.filter(({ weight }) => weight === 'error')).toMatchObject([
      { code: 'training/init-adapter', repair: { label: 'Start anew', patch: { initAdapterId: null } } },
    ]);
    expect((await backend.call('experiments/preflight', { spec })).canStart).toBe(true);
    const { experiment } = await backend.call('experiments/create', { spec });
    await inState(backend, experiment.id, 'finished');
    const run = await backend.call('experiments/read', { id: experiment.id });
    expect(run.config).toMatchObject({
      init_adapter: path.join(backend.context.workspace.adapters, initAdapterId),
    });
    expect((await backend.call('adapters/read', { id: run.adapterId! })).problem).toBeNull();
    const asked = { answerer: { kind: 'adapter' as const, id: run.adapterId! }, text: 'great food' };
    expect((await backend.call('playground/answer', asked)).answer.labels).toEqual(stars);
  });

  it('refuses tensors that the base has no place for', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const folder = await copiedAdapter(backend, 'lora-qv');
    await configure(folder, { target_modules: ['query'] });
    await expect(backend.call('adapters/import', { folder, modelId })).rejects.toMatchObject({
      fault: { code: 'peft/unexpected-tensor' },
    });
  });

  it('refuses another number of labels than the base has, or than the config.json beside it names', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const folder = await copiedAdapter(backend, 'lora-qv');
    await rewrite(folder, (name, shape, values) =>
      name.includes('.classifier.')
        ? [[2, ...shape.slice(1)], values.slice(0, (values.length / 5) * 2)]
        : [[...shape], values],
    );
    const refused = backend.call('adapters/import', { folder, modelId });
    await expect(refused).rejects.toMatchObject({ fault: { code: 'adapters/label-count' } });
    await expect(refused).rejects.toThrow('has a head of 2 labels');

    const config = { model_type: 'bert', id2label: { 0: 'bad', 1: 'good' } };
    await writeFile(path.join(folder, 'config.json'), JSON.stringify(config));
    const { adapter } = await backend.call('adapters/import', { folder, modelId });
    expect(adapter.labels).toEqual(['bad', 'good']);
  });

  it('refuses an adapter whose config names another model of the hub', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    backend.context.db
      .prepare(`UPDATE models SET hub_id = 'org/tiny', source = 'hub' WHERE id = ?`)
      .run(modelId);
    const folder = await copiedAdapter(backend, 'lora-qv');
    await configure(folder, { base_model_name_or_path: 'org/large' });
    const refused = backend.call('adapters/import', { folder, modelId });
    await expect(refused).rejects.toMatchObject({ fault: { code: 'adapters/other-base' } });
    await expect(refused).rejects.toThrow('names org/large as the base model');
    await configure(folder, { base_model_name_or_path: 'bert-base-uncased' });
    await expect(backend.call('adapters/import', { folder, modelId })).rejects.toThrow('names bert-base-unc');
    // What else has no owner is the name of a folder, which says nothing.
    for (const name of ['mirror/Tiny', 'my-own-bert', '/on/another/machine']) {
      await configure(folder, { base_model_name_or_path: name });
      await expect(backend.call('adapters/import', { folder, modelId })).resolves.toBeDefined();
    }
  });

  it('refuses an export of ours that was proved on other weights', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const folder = await copiedAdapter(backend, 'lora-qv');
    const proof = { base: { sha256: 'ab'.repeat(32) } };
    await writeFile(path.join(folder, 'verification.json'), JSON.stringify(proof));
    await expect(backend.call('adapters/import', { folder, modelId })).rejects.toThrow(
      'was trained on weights abababab…',
    );
  });

  it('never runs code that a .bin asks for', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const folder = await copiedAdapter(backend, 'lora-qv-bin');
    await writeFile(path.join(folder, 'adapter_model.bin'), 'cos\nsystem\n(S"touch x"\ntR.');
    await expect(backend.call('adapters/import', { folder, modelId })).rejects.toMatchObject({
      fault: { code: expect.stringMatching(/^formats\//) as string },
    });
    expect(await stored(backend)).toEqual({ list: [], folders: [] });
  });
});

describe('merging', { timeout: 120_000 }, () => {
  it('makes one adapter of several, with its parts and their weights', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const first = await importGolden(backend, modelId, 'lora-qv');
    const second = await importGolden(backend, modelId, 'lora-seed');
    const { jobId } = await backend.call('adapters/merge', {
      name: 'Both',
      parts: [
        { id: first.id, weight: 0.5 },
        { id: second.id, weight: 0.25 },
      ],
      combination: 'cat',
    });
    const job = await backend.context.jobs.finished(jobId);
    expect(job).toMatchObject({ state: 'done', kind: 'merge', fault: null });
    const { adapter, lineage } = await backend.call('adapters/read', { id: job.result! });
    expect(adapter).toMatchObject({ name: 'Both', origin: 'merged', rank: 24, labels: stars, present: true });
    expect(lineage.parts).toEqual([
      { id: first.id, name: 'lora-qv', weight: 0.5 },
      { id: second.id, name: 'lora-seed', weight: 0.25 },
    ]);
    expect(lineage.base.matches).toBe(true);
    const dependents = await backend.call('adapters/dependents', { ids: [first.id] });
    expect(dependents).toEqual({ exports: [], adapters: [{ id: adapter.id, name: 'Both' }] });
  });

  it('refuses at once what is not of one base, and leaves nothing of what fails later', async () => {
    const backend = await testBackend();
    const one = await addModel(backend);
    const two = await addModel(backend, 'seed2');
    const first = await importGolden(backend, one.modelId, 'lora-qv');
    const foreign = await backend.call('adapters/import', {
      folder: goldenAdapter('lora-qv', 'seed2'),
      modelId: two.modelId,
    });
    const seed = await importGolden(backend, one.modelId, 'lora-seed');
    const merge = (ids: string[], combination: 'linear' | 'cat') =>
      backend.call('adapters/merge', {
        name: 'No',
        parts: ids.map((id) => ({ id, weight: 1 })),
        combination,
      });
    await expect(merge([first.id, foreign.adapter.id], 'cat')).rejects.toMatchObject({
      fault: { code: 'adapters/merge-bases' },
    });
    await expect(merge([first.id, first.id], 'cat')).rejects.toThrow('lora-qv is chosen twice.');

    const before = await readdir(backend.context.workspace.adapters);
    const { jobId } = await merge([first.id, seed.id], 'linear');
    const job = await backend.context.jobs.finished(jobId);
    expect(job).toMatchObject({ state: 'failed', fault: { code: 'adapters/merge-ranks' } });
    expect(await readdir(backend.context.workspace.adapters)).toEqual(before);
  });
});

describe('the library', () => {
  it('says when the base changed since, or is gone, and when files vanished', async () => {
    const backend = await testBackend();
    const { modelId, folder } = await addModel(backend);
    const adapter = await importGolden(backend, modelId, 'lora-qv');
    const weights = path.join(folder, 'model.safetensors');
    const bytes = await readFile(weights);
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(weights, bytes);
    const { base } = (await backend.call('adapters/read', { id: adapter.id })).lineage;
    expect(base.matches).toBe(false);
    expect(base.reason).toMatch(
      /^The base model model-seed1 changed since training: model\.safetensors was [0-9a-f]{8}… and is [0-9a-f]{8}…/,
    );
    const other = await importGolden(backend, modelId, 'rslora');
    await expect(
      backend.call('adapters/merge', {
        name: 'No',
        parts: [adapter, other].map(({ id }) => ({ id, weight: 1 })),
        combination: 'linear',
      }),
    ).rejects.toMatchObject({ fault: { code: 'adapters/merge-bases' } });

    await rm(folder, { recursive: true });
    const gone = (await backend.call('adapters/read', { id: adapter.id })).lineage.base;
    expect(gone.reason).toContain('is gone');
    await rm(path.join(adapter.folder, 'adapter_model.safetensors'));
    expect((await backend.call('adapters/read', { id: adapter.id })).adapter.present).toBe(false);
  });

  it('takes a new name, and removes what can be put back until storage is cleaned', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const { id, folder } = await importGolden(backend, modelId, 'lora-qv');
    const { adapter } = await backend.call('adapters/update', { id, name: ' Five stars ' });
    expect(adapter.name).toBe('Five stars');

    await backend.call('adapters/remove', { ids: [id] });
    expect((await stored(backend)).list).toEqual([]);
    expect(existsSync(folder)).toBe(true);
    await backend.call('adapters/restore', { ids: [id] });
    expect((await stored(backend)).list).toEqual([adapter]);

    await backend.call('adapters/remove', { ids: [id] });
    const { items } = await backend.call('system/storage', {});
    expect(items.find(({ key }) => key === 'removed-adapters')).toMatchObject({ files: 1, cleanable: true });
    await backend.call('system/clean', { keys: ['removed-adapters'] });
    expect(existsSync(folder)).toBe(false);
    await expect(backend.call('adapters/restore', { ids: [id] })).rejects.toMatchObject({
      fault: { code: 'store/unknown' },
    });
  });

  it('moves with its workspace', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const { id } = await importGolden(backend, modelId, 'lora-qv');
    await backend.close();
    const dir = `${backend.dir}-moved`;
    await cp(backend.dir, dir, { recursive: true });
    await rename(path.join(backend.dir, 'adapters'), path.join(backend.dir, 'old'));
    const moved = await testBackend(dir);
    const { adapter } = await moved.call('adapters/read', { id });
    expect(adapter).toMatchObject({ present: true, folder: path.join(dir, 'adapters', id) });
    await moved.close();
    await rm(dir, { recursive: true });
  });
});

describe('an adapter on other rows', { timeout: 120_000 }, () => {
  it('is evaluated on a split of any data set with its labels, and what it reached is kept', async () => {
    const backend = await testBackend();
    const { modelId } = await addModel(backend);
    const adapter = await importGolden(backend, modelId, 'lora-qv');
    const versionId = storeRows(backend.context, [
      ...texts(10, stars, 'train'),
      ...texts(15, stars, 'test', 10),
    ]);
    const evaluate = async (split: string | null) => {
      const { jobId } = await backend.call('adapters/evaluate', { id: adapter.id, versionId, split });
      return (await backend.context.jobs.finished(jobId)).fault;
    };
    expect(await evaluate('test')).toBeNull();
    const { evaluations } = await backend.call('adapters/evaluations', { id: adapter.id });
    expect(evaluations).toMatchObject([
      { versionId, split: 'test', dataName: 'Messages', evaluation: { rows: 15, labels: stars } },
    ]);
    expect(evaluations[0]!.evaluation.metrics['accuracy']).toBeGreaterThanOrEqual(0);
    const other = storeRows(backend.context, texts(4, ['ham', 'spam']));
    const { jobId } = await backend.call('adapters/evaluate', {
      id: adapter.id,
      versionId: other,
      split: null,
    });
    expect((await backend.context.jobs.finished(jobId)).state).toBe('failed');
  });
});
