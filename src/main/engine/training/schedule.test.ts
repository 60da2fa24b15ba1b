import { describe, expect, it } from 'vitest';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import type { TrainingSettings } from '../../../shared/settings/training.ts';
import { isDecayed } from './optimizer.ts';
import { learningRateAt, planSteps, type Plan, type ScheduleSettings } from './schedule.ts';

const base: ScheduleSettings = {
  type: 'linear',
  warmupSteps: 0,
  totalSteps: 10,
  learningRate: 2e-3,
  power: 1,
  endRate: 1e-7,
  cycles: 0.5,
};

/** Rates of transformers' get_scheduler at the first twelve steps: peak 2e-3, ten steps in all. */
const table: [Partial<ScheduleSettings>, number[]][] = [
  [{ type: 'linear' }, [0.002, 0.0018, 0.0016, 0.0014, 0.0012, 0.001, 0.0008, 0.0006, 0.0004, 0.0002, 0, 0]],
  [
    { type: 'linear', warmupSteps: 3 },
    [
      0, 0.000666666667, 0.001333333333, 0.002, 0.001714285714, 0.001428571429, 0.001142857143,
      0.000857142857, 0.000571428571, 0.000285714286, 0, 0,
    ],
  ],
  [
    { type: 'linear', warmupSteps: 12 },
    [
      0, 0.000166666667, 0.000333333333, 0.0005, 0.000666666667, 0.000833333333, 0.001, 0.001166666667,
      0.001333333333, 0.0015, 0.001666666667, 0.001833333333,
    ],
  ],
  [
    { type: 'cosine' },
    [
      0.002, 0.001951056516, 0.001809016994, 0.001587785252, 0.001309016994, 0.001, 0.000690983006,
      0.000412214748, 0.000190983006, 4.8943484e-5, 0, 4.8943484e-5,
    ],
  ],
  [
    { type: 'cosine', warmupSteps: 3 },
    [
      0, 0.000666666667, 0.001333333333, 0.002, 0.001900968868, 0.001623489802, 0.001222520934,
      0.000777479066, 0.000376510198, 9.9031132e-5, 0, 9.9031132e-5,
    ],
  ],
  [
    { type: 'cosine', warmupSteps: 2, cycles: 1.5 },
    [
      0, 0.001, 0.002, 0.001382683432, 0.000292893219, 7.6120467e-5, 0.001, 0.001923879533, 0.001707106781,
      0.000617316568, 0, 0.000617316568,
    ],
  ],
  [
    { type: 'constant' },
    [0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002],
  ],
  [
    { type: 'constant_with_warmup', warmupSteps: 4 },
    [0, 0.0005, 0.001, 0.0015, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002, 0.002],
  ],
  [
    { type: 'polynomial', power: 2, endRate: 1e-4 },
    [
      0.002, 0.001639, 0.001316, 0.001031, 0.000784, 0.000575, 0.000404, 0.000271, 0.000176, 0.000119, 0.0001,
      0.0001,
    ],
  ],
  [
    { type: 'polynomial', warmupSteps: 3 },
    [
      0, 0.000666666667, 0.001333333333, 0.002, 0.0017143, 0.0014286, 0.0011429, 0.0008572, 0.0005715,
      0.0002858, 1e-7, 1e-7,
    ],
  ],
];

describe('a learning rate schedule follows transformers', () => {
  it.each(table)('%j', (settings, rates) => {
    const schedule = { ...base, ...settings };
    rates.forEach((rate, step) =>
      expect(learningRateAt(step, schedule), `step ${step}`).toBeCloseTo(rate, 11),
    );
  });

  it('and warms up to a rate of 0 where the peak is 0', () => {
    expect(learningRateAt(3, { ...base, learningRate: 0, type: 'cosine' })).toBe(0);
  });
});

function settings(training: Record<string, unknown>): TrainingSettings {
  const config = { model: 'm', data: { train: 't.csv' }, adapter: { peft_type: 'HEAD_ONLY' }, training };
  return parseTrainConfig(config, 'test').config.training;
}

const plan = (rows: number, training: Record<string, unknown>): Plan => planSteps(rows, settings(training));

describe('the length of a run', () => {
  it('is its epochs of batches, the last one short', () => {
    expect(plan(1000, {})).toMatchObject({ stepsPerEpoch: 125, totalSteps: 375 });
    expect(plan(1001, {})).toMatchObject({ stepsPerEpoch: 126, totalSteps: 378 });
    expect(plan(1, { num_train_epochs: 2 })).toMatchObject({ stepsPerEpoch: 1, totalSteps: 2 });
  });

  it('counts a remainder of accumulated micro-batches as a step', () => {
    // 9 micro-batches of 8 rows make 2 steps of 4 and one of 1.
    expect(plan(70, { gradient_accumulation_steps: 4, num_train_epochs: 1 })).toMatchObject({
      stepsPerEpoch: 3,
      totalSteps: 3,
    });
    expect(plan(70, { gradient_accumulation_steps: 100 })).toMatchObject({ stepsPerEpoch: 1, totalSteps: 3 });
  });

  it('takes fractions of epochs, rounded up to a step', () => {
    expect(plan(80, { num_train_epochs: 0.5 })).toMatchObject({ stepsPerEpoch: 10, totalSteps: 5 });
    expect(plan(80, { num_train_epochs: 1.25 })).toMatchObject({ stepsPerEpoch: 10, totalSteps: 13 });
  });

  it('is max_steps where that is given', () => {
    expect(plan(80, { max_steps: 7, num_train_epochs: 5 })).toMatchObject({
      stepsPerEpoch: 10,
      totalSteps: 7,
    });
  });

  it('says how many steps warm up: a number, or a share of all', () => {
    const linear = { lr_scheduler_type: 'linear' };
    expect(plan(80, { ...linear, warmup_steps: 4 }).schedule.warmupSteps).toBe(4);
    expect(plan(80, { ...linear, warmup_steps: 0.1 }).schedule.warmupSteps).toBe(3);
    expect(plan(80, { ...linear, warmup_ratio: 0.11 }).schedule.warmupSteps).toBe(4);
    expect(plan(80, linear).schedule.warmupSteps).toBe(0);
  });
});

it('biases and norms do not decay', () => {
  const decayed = [
    'bert.encoder.layer.0.attention.self.query.lora_A.weight',
    'classifier.weight',
    'bert.embeddings.word_embeddings.weight',
  ];
  const kept = [
    'classifier.bias',
    'bert.embeddings.LayerNorm.weight',
    'bert.embeddings.LayerNorm.bias',
    'encoder.final_norm.weight',
    'norm.weight',
  ];
  expect(decayed.filter(isDecayed)).toEqual(decayed);
  expect(kept.filter(isDecayed)).toEqual([]);
});
