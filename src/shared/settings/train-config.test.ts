import { describe, expect, it } from 'vitest';
import { Fault } from '../faults/index.ts';
import { parseTrainConfig } from './train-config.ts';

const minimal = { model: 'some-model', data: { train: 'train.csv' }, adapter: { peft_type: 'LORA', r: 4 } };

function withTraining(
  training: Record<string, unknown>,
  data: Record<string, unknown> = { eval: 'eval.csv' },
) {
  return parseTrainConfig({ ...minimal, data: { ...minimal.data, ...data }, training }, 'run.json');
}

function refusal(act: () => unknown): { code: string; text: string } {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return { code: error.code, text: `${error.message} ${error.remedy}` };
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('parseTrainConfig', () => {
  it("fills in TrainingArguments' defaults", () => {
    const { config, notes } = parseTrainConfig(minimal, 'run.json');
    expect(notes).toEqual([]);
    expect(config.training).toMatchObject({
      num_train_epochs: 3,
      max_steps: -1,
      per_device_train_batch_size: 8,
      learning_rate: 5e-5,
      weight_decay: 0,
      adam_beta1: 0.9,
      adam_beta2: 0.999,
      adam_epsilon: 1e-8,
      max_grad_norm: 1,
      lr_scheduler_type: 'linear',
      lr_scheduler_kwargs: { power: 1, lr_end: 1e-7, num_cycles: 0.5 },
      warmup_steps: 0,
      seed: 42,
      eval_strategy: 'no',
      save_strategy: 'steps',
      save_steps: 500,
      load_best_model_at_end: false,
      logging_steps: 1,
      sampler: 'random',
      precision: 'fp32',
      class_weights: null,
    });
    expect(config.data).toMatchObject({
      text_column: 'text',
      label_column: 'label',
      padding: 'longest',
      eval: null,
    });
    expect(config.task).toBe('single_label_classification');
    expect(config.adapter).toEqual({ peft_type: 'LORA', r: 4 });
  });

  it('gives the same config when a parsed config is parsed again', () => {
    const { config } = withTraining({
      eval_strategy: 'epoch',
      save_strategy: 'epoch',
      load_best_model_at_end: true,
      warmup_ratio: 0.1,
      bf16: true,
    });
    expect(parseTrainConfig(structuredClone(config), 'again.json')).toEqual({ config, notes: [] });
  });

  it('takes null as left out', () => {
    const { config } = parseTrainConfig(
      { ...minimal, training: { learning_rate: null, save_total_limit: null } },
      'x',
    );
    expect(config.training.learning_rate).toBe(5e-5);
    expect(config.training.save_total_limit).toBeNull();
  });

  it('names the key path, the value and what it takes when a value is out of range', () => {
    expect(refusal(() => withTraining({ learning_rate: 'fast' })).code).toBe('settings/value');
    expect(refusal(() => withTraining({ learning_rate: 'fast' })).text).toMatch(
      /^run\.json: training\.learning_rate is "fast"; it takes a number, 0 or more\. /,
    );
    expect(refusal(() => withTraining({ adam_beta1: 1 })).text).toContain('a number, 0 or more and below 1');
    expect(refusal(() => withTraining({ per_device_train_batch_size: 1.5 })).text).toContain(
      'a whole number',
    );
    expect(refusal(() => withTraining({ class_weights: [1, 'x'] })).text).toContain(
      'training.class_weights is [1,"x"]',
    );
    const data = { train: 'a.csv', train_select: { count: 0 } };
    expect(refusal(() => parseTrainConfig({ ...minimal, data }, 'run.json')).text).toContain(
      'data.train_select.count is 0; it takes a whole number, 1 or more',
    );
  });

  it('suggests the nearest name for an unknown one, at every level', () => {
    expect(refusal(() => withTraining({ lerning_rate: 1 }))).toEqual({
      code: 'settings/unknown',
      text: 'run.json: training.lerning_rate is not a setting. Did you mean learning_rate?',
    });
    expect(refusal(() => parseTrainConfig({ ...minimal, modle: 'x' }, 'c')).text).toContain(
      'Did you mean model?',
    );
    const data = { train: 'a.csv', train_select: { cuont: 3 } };
    expect(refusal(() => parseTrainConfig({ ...minimal, data }, 'c')).text).toBe(
      'c: data.train_select.cuont is not a setting. Did you mean count?',
    );
    expect(refusal(() => withTraining({ zzz: 1 })).text).toContain('Settings there are: num_train_epochs');
  });

  it('names what is missing', () => {
    expect(
      refusal(() => parseTrainConfig({ data: minimal.data, adapter: minimal.adapter }, 'c')).text,
    ).toContain('c: model is missing.');
    expect(refusal(() => parseTrainConfig({ model: 'm', adapter: minimal.adapter }, 'c')).text).toContain(
      'c: data.train is missing.',
    );
    expect(refusal(() => parseTrainConfig({ ...minimal, adapter: {} }, 'c')).text).toContain(
      'c: adapter.peft_type is missing.',
    );
    expect(refusal(() => parseTrainConfig([1], 'c')).code).toBe('settings/not-an-object');
    expect(refusal(() => parseTrainConfig({ ...minimal, data: 'a.csv' }, 'c')).text).toContain(
      'c: data is not an object',
    );
  });

  it('resolves the older and the switch-like names', () => {
    const { config } = withTraining({
      evaluation_strategy: 'epoch',
      bf16: true,
      group_by_length: true,
      warmup_ratio: 0.06,
      optim: 'adamw_torch_fused',
    });
    expect(config.training).toMatchObject({
      eval_strategy: 'epoch',
      precision: 'bf16',
      sampler: 'group_by_length',
      warmup_steps: 0.06,
      optim: 'adamw_torch',
    });
    expect(withTraining({ bf16: false }).config.training.precision).toBe('fp32');
    expect(refusal(() => withTraining({ bf16: true, precision: 'fp32' })).code).toBe('settings/conflict');
    expect(withTraining({ tf32: true }).config.training.precision).toBe('tf32');
    expect(withTraining({ tf32: false }).config.training.precision).toBe('fp32');
    const both = withTraining({ tf32: true, bf16: true });
    expect(both.config.training.precision).toBe('bf16');
    expect(both.notes).toEqual(['run.json: training.tf32 has no effect: products are computed in bf16.']);
    expect(refusal(() => withTraining({ tf32: true, precision: 'fp32' })).code).toBe('settings/conflict');
    expect(refusal(() => withTraining({ warmup_ratio: 1.5 })).text).toContain('0 or more, below 1');
  });

  it('accepts arguments without an effect on the result, with a note', () => {
    const { notes } = withTraining({ report_to: 'none', dataloader_num_workers: 4, disable_tqdm: true });
    expect(notes).toHaveLength(3);
    expect(notes[1]).toBe(
      'run.json: training.dataloader_num_workers has no effect: the engine arranges its own memory and threads; ' +
        'results do not depend on it.',
    );
  });

  it('refuses by name arguments that would change the result, unless they are off', () => {
    expect(withTraining({ fp16: false, push_to_hub: false, neftune_noise_alpha: null }).notes).toEqual([]);
    expect(refusal(() => withTraining({ fp16: true }))).toEqual({
      code: 'settings/unsupported',
      text: 'run.json: training.fp16 true is not supported. Set "precision" to "bf16" for half precision.',
    });
    expect(refusal(() => withTraining({ push_to_hub: true })).text).toContain('training.push_to_hub true');
  });

  it('says of tasks and methods that are known that they come later', () => {
    expect(refusal(() => parseTrainConfig({ ...minimal, task: 'token_classification' }, 'c')).text).toContain(
      'task "token_classification" comes later',
    );
    expect(refusal(() => parseTrainConfig({ ...minimal, adapter: { peft_type: 'IA3' } }, 'c')).code).toBe(
      'settings/later',
    );
    expect(
      refusal(() => parseTrainConfig({ ...minimal, adapter: { peft_type: 'lora' } }, 'c')).text,
    ).toContain('one of LORA, HEAD_ONLY, FULL');
  });

  it('needs evaluation rows for an evaluation', () => {
    expect(refusal(() => withTraining({ eval_strategy: 'epoch' }, {})).text).toContain('data.split');
    expect(withTraining({ eval_strategy: 'epoch' }, { split: {} }).config.data.split).toEqual({
      test_size: 0.2,
      seed: 42,
    });
    expect(refusal(() => withTraining({}, { eval: 'e.csv', split: {} })).code).toBe('settings/conflict');
  });

  it('evaluates every logging_steps when that was set, else every 500 steps', () => {
    expect(withTraining({ eval_strategy: 'steps' }).config.training.eval_steps).toBe(500);
    expect(withTraining({ eval_strategy: 'steps', logging_steps: 20 }).config.training.eval_steps).toBe(20);
  });

  it('keeps the best checkpoint by loss unless told otherwise, and needs its evaluations to have checkpoints', () => {
    const best = { eval_strategy: 'epoch', save_strategy: 'epoch', load_best_model_at_end: true };
    expect(withTraining(best).config.training).toMatchObject({
      metric_for_best_model: 'loss',
      greater_is_better: false,
    });
    expect(
      withTraining({ ...best, metric_for_best_model: 'f1_macro' }).config.training.greater_is_better,
    ).toBe(true);
    expect(refusal(() => withTraining({ ...best, save_strategy: 'steps' })).text).toContain('save_strategy');
    const steps = {
      eval_strategy: 'steps',
      save_strategy: 'steps',
      load_best_model_at_end: true,
      eval_steps: 30,
    };
    expect(refusal(() => withTraining({ ...steps, save_steps: 100 })).text).toContain('a multiple of 30');
    expect(withTraining({ ...steps, save_steps: 90 }).config.training.save_steps).toBe(90);
    expect(refusal(() => withTraining({ early_stopping_patience: 2 })).text).toContain('eval_strategy');
  });

  it('refuses schedule details that the schedule does not have', () => {
    expect(refusal(() => withTraining({ lr_scheduler_kwargs: { power: 2 } })).text).toContain('"polynomial"');
    expect(
      withTraining({ lr_scheduler_type: 'cosine', lr_scheduler_kwargs: { num_cycles: 1 } }).config.training
        .lr_scheduler_kwargs.num_cycles,
    ).toBe(1);
    expect(
      refusal(() => withTraining({ lr_scheduler_type: 'polynomial', lr_scheduler_kwargs: { lr_end: 1 } }))
        .text,
    ).toContain('lr_end below learning_rate');
  });
});
