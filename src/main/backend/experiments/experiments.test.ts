import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { testBackend } from '../test-support.ts';
import { inState, seedStore, smallSpec } from './test-support.ts';

describe('an experiment', () => {
  it('trains to its end and leaves curve, evaluation, predictions with their texts, an adapter and a log', async () => {
    const backend = await testBackend();
    const seeded = seedStore(backend.context);
    const { experiment } = await backend.call('experiments/create', { spec: smallSpec(seeded) });
    expect(experiment).toMatchObject({ state: 'queued', name: 'Messages, LoRA r=4', dataName: 'Messages' });
    const { id } = experiment;
    const finished = await inState(backend, id, 'finished', 'failed', 'interrupted');
    expect(finished.fault).toBeNull();
    expect(finished).toMatchObject({ state: 'finished', step: 48, totalSteps: 48, timeLeft: null });
    expect(finished.trainable).toBeGreaterThan(0);
    expect(finished.peakMemoryMb).toBeGreaterThan(10);
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
