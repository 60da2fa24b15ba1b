import { readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RefusedError } from '../../../shared/rpc-client.ts';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { selectRows } from '../../engine/data/selection.ts';
import { classDetailSchema } from '../../../shared/tasks/single-label.ts';
import { testBackend } from '../test-support.ts';
import { inState, seedStore, smallSpec } from './test-support.ts';

describe('an experiment', { timeout: 240_000 }, () => {
  it('trains to its end and leaves curve, evaluation, predictions with their texts, an adapter and a log', async () => {
    const backend = await testBackend();
    const seeded = await seedStore(backend);
    const { experiment } = await backend.call('experiments/create', { spec: smallSpec(seeded) });
    expect(experiment).toMatchObject({ state: 'queued', name: 'Messages, LoRA r=4', dataName: 'Messages' });
    const { id } = experiment;
    const finished = await inState(backend, id, 'finished', 'failed', 'interrupted');
    expect(finished.fault).toBeNull();
    expect(finished).toMatchObject({ state: 'finished', step: 48, totalSteps: 48, timeLeft: null });
    expect(finished.trainable).toBeGreaterThan(0);
    expect(finished.peakMemoryMb).toBeGreaterThan(10);
    expect(finished.wallSeconds).toBeGreaterThan(finished.trainSeconds! + finished.evalSeconds!);
    expect(finished.unanswered).not.toBeNull();
    expect(finished.settings).toMatchObject({ rank: 4, targets: 'query, value' });
    expect(finished.device).toMatch(/CPU|GPU/);

    const { curve, evaluations } = await backend.call('experiments/curve', { id });
    expect(curve.step).toEqual(Array.from({ length: 48 }, (_, i) => i + 1));
    expect(curve.loss).toHaveLength(48);
    expect(evaluations.map(({ step }) => step)).toEqual([16, 32, 48]);

    const { evaluation } = await backend.call('experiments/evaluation', { id });
    expect(evaluation).toMatchObject({ labels: ['ham', 'spam'], rows: 20 });
    expect(evaluation!.metrics['accuracy']).toBe(finished.metrics!['accuracy']);

    const all = await backend.call('experiments/predictions', { id });
    expect(all.total).toBe(20);
    expect(all.items.map(({ row }) => row.row)).toEqual(Array.from({ length: 20 }, (_, i) => 63 + i));
    for (const { row, expected } of all.items) {
      expect(row.text.startsWith(`${row.row} `)).toBe(true);
      expect({ label: row.label, split: row.split }).toEqual({ label: expected, split: 'test' });
    }

    const detail = await backend.call('experiments/read', { id });
    expect(detail.moved).toMatchObject({ unmoved: [], unexpected: [] });
    expect(detail.moved!.moved.length).toBeGreaterThan(4);
    expect(detail.newlyInitialized).toEqual(['classifier.weight', 'classifier.bias']);
    expect(detail.changed).toEqual(
      expect.arrayContaining(['training.learning_rate', 'adapter.r', 'training.eval_strategy']),
    );
    expect(detail.changed).not.toContain('training.seed');
    expect(detail.adapterId).not.toBeNull();
    const adapter = backend.context.db.prepare('SELECT * FROM adapters').get();
    expect(adapter).toMatchObject({ id: detail.adapterId, experiment_id: id, peft_type: 'LORA' });

    const { items: log } = await backend.call('experiments/log', { id });
    expect(log.map(({ message }) => message).join('\n')).toContain('trainable params');
    const { files } = await backend.call('experiments/files', { id });
    const names = files.map((file) => path.relative(detail.folder, file.path));
    expect(names).toEqual(expect.arrayContaining(['run.json', 'train.jsonl', 'adapter_model.safetensors']));
    expect(files.every(({ present }) => present)).toBe(true);
    expect(backend.host.notices).toEqual([
      { title: 'Messages, LoRA r=4 is finished', body: expect.stringMatching(/^Accuracy \d/) as string },
    ]);
  });
});

describe('a spec that cannot run', { timeout: 240_000 }, () => {
  it('is refused with a fault that names what is wrong, and leaves nothing behind', async () => {
    const backend = await testBackend();
    const seeded = await seedStore(backend);
    const refused = async (
      training: object,
      change: Parameters<typeof smallSpec>[2] = {},
    ): Promise<string> => {
      const spec = smallSpec(seeded, { ...training }, change);
      const failure = await backend.call('experiments/create', { spec }).then(
        () => null,
        (error: unknown) => error,
      );
      if (!(failure instanceof RefusedError)) throw new Error('It was not refused.');
      return `${failure.fault.code}: ${failure.fault.message}`;
    };
    const data = { trainSplit: 'train', evalSplit: 'test' };
    expect(await refused({ learning_rate: -1 })).toContain('training.learning_rate is -1');
    expect(await refused({ learning_rat: 1 })).toContain('training.learning_rat is not a setting');
    expect(await refused({}, { modelId: 'none' })).toBe('store/unknown: There is no model none.');
    expect(await refused({}, { versionId: 'none' })).toContain('store/unknown');
    expect(await refused({}, { data: { ...data, trainSplit: 'tran' } })).toBe(
      'experiments/no-split: Messages has no split "tran".',
    );
    expect(await refused({}, { data: { ...data, evalSplit: null } })).toContain('settings/conflict');
    expect(await refused({}, { data: { ...data, trainSelect: { count: 63 } } })).toContain(
      'data/select-count',
    );
    const adapter = { peft_type: 'LORA', target_modules: ['nothing'] };
    expect(await refused({}, { adapter })).toMatch(/^peft\//);
    expect(await refused({}, { adapter: { peft_type: 'LORA', inference_mode: true } })).toContain(
      'peft/inference-mode',
    );
    expect(await readdir(backend.context.workspace.experiments)).toEqual([]);
    expect((await backend.call('experiments/list', {})).experiments).toEqual([]);
  });
});

describe('what is kept of experiments', { timeout: 240_000 }, () => {
  it('takes the rows that datasets would take, in its order, into a folder that graft train can use', async () => {
    const backend = await testBackend();
    const data = { trainSplit: 'train', evalSplit: null, trainSelect: { shuffle_seed: 42, count: 20 } };
    const spec = smallSpec(
      await seedStore(backend),
      { max_steps: 1 },
      { data: { ...data, split: { test_size: 0.25, seed: 1 } } },
    );
    const { experiment } = await backend.call('experiments/create', { spec });
    await inState(backend, experiment.id, 'finished');
    const { folder, config } = await backend.call('experiments/read', { id: experiment.id });
    const lines = (await readFile(path.join(folder, 'train.jsonl'), 'utf8')).trimEnd().split('\n');
    const rows = lines.map((line) => (JSON.parse(line) as { row: number }).row);
    expect(rows).toEqual(Array.from(selectRows(62, { shuffle_seed: 42, count: 20 }), (at) => at + 1));
    const run: unknown = JSON.parse(await readFile(path.join(folder, 'run.json'), 'utf8'));
    expect(run).toEqual(config);
    expect({ ...parseTrainConfig(run, 'run.json').config }).toEqual(config);
    const { items } = await backend.call('experiments/predictions', { id: experiment.id });
    expect(items).toHaveLength(5);
    for (const { row } of items) expect(rows).toContain(row.row);
  });

  it('finds predictions by cell, by being wrong, and by how sure they are', async () => {
    const backend = await testBackend();
    const { experiment } = await backend.call('experiments/create', {
      spec: smallSpec(await seedStore(backend), { max_steps: 4, eval_strategy: 'no' }),
    });
    const { id } = experiment;
    await inState(backend, id, 'finished');
    const { evaluation } = await backend.call('experiments/evaluation', { id });
    const { confusion } = classDetailSchema.parse(evaluation);
    for (const [i, expected] of evaluation!.labels.entries()) {
      for (const [j, predicted] of evaluation!.labels.entries()) {
        const cell = await backend.call('experiments/predictions', { id, expected, predicted });
        expect(cell.total).toBe(confusion[i]![j]);
      }
    }
    const wrong = await backend.call('experiments/predictions', { id, only: 'wrong', order: 'worst' });
    const right = await backend.call('experiments/predictions', { id, only: 'right', order: 'best' });
    expect(wrong.total + right.total).toBe(20);
    expect(right.total / 20).toBeCloseTo(evaluation!.metrics['accuracy']!);
    const sorted = (values: number[]) => values.toSorted((a, b) => a - b);
    const worst = wrong.items.map(({ expectedScore }) => expectedScore);
    expect(worst).toEqual(sorted(worst));
    const best = right.items.map(({ expectedScore }) => expectedScore);
    expect(best).toEqual(sorted(best).reverse());
    const page = { id, order: 'confident', offset: 5, limit: 10 } as const;
    const surest = (await backend.call('experiments/predictions', page)).items.map(({ score }) => score);
    expect(surest).toHaveLength(10);
    expect(surest).toEqual(sorted(surest).reverse());
  });

  it('is notes, tags, a star and a name that a person gives, and a draft', async () => {
    const backend = await testBackend();
    const seeded = await seedStore(backend);
    const { experiment } = await backend.call('experiments/create', {
      spec: smallSpec(seeded, { max_steps: 1 }),
    });
    const { id } = experiment;
    const change = { name: '<b>mine</b>', notes: 'a note', tags: ['b', 'a'], starred: true };
    expect((await backend.call('experiments/update', { id, ...change })).experiment).toMatchObject({
      name: '<b>mine</b>',
      tags: ['a', 'b'],
      starred: true,
    });
    expect((await backend.call('experiments/read', { id })).notes).toBe('a note');
    await inState(backend, id, 'finished');
    await backend.call('experiments/update', { id, archived: true });
    expect((await backend.call('experiments/list', {})).experiments).toEqual([]);
    expect((await backend.call('experiments/list', { archived: true })).experiments).toHaveLength(1);
    await backend.call('experiments/remove', { ids: [id] });
    expect((await backend.call('experiments/list', { archived: true })).experiments).toEqual([]);
    await backend.call('experiments/restore', { ids: [id] });
    expect((await backend.call('experiments/list', { archived: true })).experiments).toHaveLength(1);

    expect(await backend.call('experiments/read-draft', {})).toEqual({ spec: null });
    await backend.call('experiments/save-draft', { spec: { name: 'half a spec' } });
    expect(await backend.call('experiments/read-draft', {})).toMatchObject({ spec: { name: 'half a spec' } });
  });

  it('keeps the draft of each window apart; a new window goes on with the last one', async () => {
    const backend = await testBackend();
    const save = (window: string, name: string) =>
      backend.call('experiments/save-draft', { window, spec: { name } });
    const named = async (window: string) =>
      (await backend.call('experiments/read-draft', { window })).spec?.name;
    await save('a', 'of a');
    await save('b', 'of b');
    await save('a', 'of a, later');
    expect([await named('a'), await named('b'), await named('new')]).toEqual([
      'of a, later',
      'of b',
      'of a, later',
    ]);
    for (let i = 0; i < 30; i++) await save(`w${i}`, `${i}`);
    expect(await named('w29')).toBe('29');
    expect(await named('b')).toBe('29');
  });

  it('says which files vanished, and moves with its workspace', async () => {
    const first = await testBackend();
    const { experiment } = await first.call('experiments/create', {
      spec: smallSpec(await seedStore(first), { max_steps: 2, eval_strategy: 'no' }),
    });
    const { id } = experiment;
    await inState(first, id, 'finished');
    await first.close();
    const moved = `${first.dir}-moved`;
    await rename(first.dir, moved);
    onTestFinished(() => rm(moved, { recursive: true, force: true }));
    const backend = await testBackend(moved);
    const { folder } = await backend.call('experiments/read', { id });
    expect(folder).toBe(path.join(moved, 'experiments', id));
    await rm(path.join(folder, 'adapter_model.safetensors'));
    const { files } = await backend.call('experiments/files', { id });
    expect(files.filter(({ present }) => !present).map((file) => path.relative(folder, file.path))).toEqual([
      'adapter_model.safetensors',
    ]);
    expect((await backend.call('experiments/predictions', { id })).items[0]!.row.text).not.toBe('');
  });
});
