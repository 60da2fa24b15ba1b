import { describe, expect, it } from 'vitest';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { fasterPrecision, type Speeds } from '../../engine/runtime/report.ts';
import { precisionFinding } from './findings/training.ts';
import { presetsFor } from './presets.ts';

/** Measured on an Intel without units for bf16, and on an AMD with AVX512-BF16. */
const slow: Speeds = { onGpu: false, float32: 170, bfloat16: 56 };
const fast: Speeds = { onGpu: false, float32: 136, bfloat16: 390 };
const alike: Speeds = { onGpu: false, float32: 100, bfloat16: 110 };
const without: Speeds = { onGpu: false, float32: 100, bfloat16: null };

const configOf = (precision: string) =>
  parseTrainConfig(
    { model: 'm', data: { train: 't.csv' }, adapter: { peft_type: 'HEAD_ONLY' }, training: { precision } },
    'test',
  ).config;

describe('the precision that is faster on a machine', () => {
  it('is what its matrix products say, and fp32 where the gain is not worth rounding', () => {
    expect([slow, fast, alike, without].map((speeds) => fasterPrecision(speeds).precision)).toEqual([
      'fp32',
      'bf16',
      'fp32',
      'fp32',
    ]);
    expect(fasterPrecision(slow).times).toBeCloseTo(3.04);
    expect(fasterPrecision(alike).times).toBeNull();
  });

  it('is what presets take; a config without the setting stays at fp32', () => {
    const taken = (speeds: Speeds | null): Set<unknown> =>
      new Set(presetsFor(null, speeds).map(({ training }) => training['precision']));
    expect(taken(fast)).toEqual(new Set(['bf16']));
    for (const speeds of [slow, alike, without, null]) expect(taken(speeds)).toEqual(new Set([undefined]));
    expect(configOf('fp32').training.precision).toBe(
      parseTrainConfig({ model: 'm', data: { train: 't.csv' }, adapter: { peft_type: 'HEAD_ONLY' } }, 'test')
        .config.training.precision,
    );
  });

  it('is named by the pre-flight where another was chosen, with the figures and a repair', () => {
    const say = (precision: string, speeds: Speeds) => precisionFinding(configOf(precision), speeds);
    expect(say('bf16', slow)).toMatchObject({
      weight: 'warning',
      message: 'bf16 is 3.0 times slower than fp32 here.',
      detail: expect.stringContaining('fp32 170 GFLOP/s, bf16 56 GFLOP/s') as string,
      repair: { label: 'Set fp32', patch: { training: { precision: 'fp32' } } },
    });
    expect(say('fp32', fast)).toMatchObject({
      weight: 'info',
      message: 'bf16 would multiply 2.9 times as fast as fp32 here.',
      repair: { patch: { training: { precision: 'bf16' } } },
    });
    expect(say('tf32', slow)?.message).toBe('tf32 is fp32 here: TF32 is of NVIDIA GPUs, and none is used.');
    expect([say('fp32', slow), say('bf16', fast), say('bf16', alike), say('fp32', alike)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });
});
