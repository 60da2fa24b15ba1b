import { stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { temporaryFolder } from '../../engine/formats/test-support.ts';
import { openBaseModel } from '../../engine/models/base-model.ts';
import { elements } from '../../engine/models/parameters.ts';
import { goldenBert } from '../../engine/models/test-support.ts';
import { planAdapter, writeAdapter } from '../../engine/peft/adapter.ts';
import { loraFields } from '../../engine/peft/test-support.ts';
import { planSteps } from '../../engine/training/schedule.ts';
import { adapterBytes, runBytes } from './disk.ts';
import { diskFinding } from './findings/training.ts';

const plan = async () => {
  const base = await openBaseModel(goldenBert(), { head: 'sequence' });
  return { base, adapter: planAdapter(base, loraFields, 'test') };
};

describe('the disk that a run needs', () => {
  it("is the adapter file's size within a twentieth", async () => {
    const { base, adapter } = await plan();
    const folder = await temporaryFolder();
    const values = new Map(
      adapter.trained.map(({ name, shape }) => [name, new Float32Array(elements(shape))]),
    );
    await writeAdapter(folder, base, adapter, values);
    const { size } = await stat(path.join(folder, 'adapter_model.safetensors'));
    expect(Math.abs(adapterBytes(adapter) / size - 1)).toBeLessThan(0.05);
    await base.close();
  });

  it('grows with the checkpoints that are kept', async () => {
    const { base, adapter } = await plan();
    await base.close();
    const bytes = (training: Record<string, unknown>): number => {
      const fields = { model: 'm', data: { train: 't', eval: 'e' }, adapter: loraFields, training };
      const { training: settings } = parseTrainConfig(fields, 'test').config;
      return runBytes(adapter, settings, planSteps(800, settings));
    };
    const last = bytes({ save_strategy: 'epoch', save_total_limit: 1 });
    const all = bytes({ save_strategy: 'epoch', num_train_epochs: 10 });
    const best = { eval_strategy: 'epoch', load_best_model_at_end: true };
    expect(bytes({ save_strategy: 'no' })).toBeLessThan(last);
    expect(bytes({ save_strategy: 'epoch', save_total_limit: 1, ...best })).toBeGreaterThan(last);
    expect(all).toBeGreaterThan(3 * last);
    expect(bytes({ save_strategy: 'steps', save_steps: 100 })).toBe(bytes({ save_strategy: 'epoch' }));
  });

  it('keeps a run from starting where it is not there, and is worth a word before', () => {
    expect(diskFinding(1e9, 1e10)).toBeNull();
    expect(diskFinding(6e9, 1e10)).toMatchObject({ weight: 'warning' });
    expect(diskFinding(2e10, 1e10)).toMatchObject({
      weight: 'error',
      message: 'The run needs about 20,000 MB of disk; 10,000 MB are free.',
      repair: { patch: { training: { save_total_limit: 1 } } },
    });
  });
});
