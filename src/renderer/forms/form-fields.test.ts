import { describe, expect, it } from 'vitest';
import { lora } from '../../shared/methods/lora.ts';
import type { Settings } from '../../shared/settings/setting.ts';
import { trainingSettings } from '../../shared/settings/training.ts';
import { textOfValue, valueOfText } from './field-text.ts';
import {
  firstProblem,
  hasEffect,
  inWords,
  noEffectReason,
  patchAt,
  problemOf,
  sectionFields,
} from './form-fields.ts';

const field = (name: string) => {
  const all = (['method', 'training', 'evaluation'] as const).flatMap((section) => {
    const { common, more } = sectionFields(section);
    return [...common, ...more];
  });
  return all.find((one) => one.name === name)!;
};

describe('the fields of the form', () => {
  it('shows every setting of training and of LoRA once', () => {
    const names = (settings: Settings): string[] =>
      Object.entries(settings).flatMap(([name, one]) => (one.type === 'group' ? names(one.fields) : [name]));
    const shown = (['method', 'training', 'evaluation'] as const).flatMap((section) => {
      const { common, more } = sectionFields(section);
      return [...common, ...more].map(({ name }) => name);
    });
    expect(shown.toSorted()).toEqual([...names(trainingSettings), ...names(lora.settings)].toSorted());
  });

  it('shows a setting only where it has an effect', () => {
    const spec = (training: Record<string, unknown>) => ({ adapter: { peft_type: 'LORA' }, training });
    expect(hasEffect(field('eval_steps'), spec({ eval_strategy: 'steps' }))).toBe(true);
    expect(hasEffect(field('eval_steps'), spec({ eval_strategy: 'epoch' }))).toBe(false);
    expect(hasEffect(field('load_best_model_at_end'), spec({}))).toBe(false);
    expect(hasEffect(field('load_best_model_at_end'), spec({ eval_strategy: 'epoch' }))).toBe(true);
    expect(hasEffect(field('metric_for_best_model'), spec({ save_strategy: 'best' }))).toBe(true);
    expect(hasEffect(field('metric_for_best_model'), spec({ save_strategy: 'epoch' }))).toBe(false);
    expect(hasEffect(field('greater_is_better'), spec({ load_best_model_at_end: true }))).toBe(true);
    expect(hasEffect(field('num_train_epochs'), spec({}))).toBe(true);
    expect(hasEffect(field('num_train_epochs'), spec({ max_steps: 10 }))).toBe(false);
    expect(hasEffect(field('power'), spec({ lr_scheduler_type: 'polynomial' }))).toBe(true);
    expect(hasEffect(field('power'), spec({ lr_scheduler_type: 'cosine' }))).toBe(false);
    expect(hasEffect(field('num_cycles'), spec({ lr_scheduler_type: 'cosine' }))).toBe(true);
    const adapter = (fields: Record<string, unknown>) => ({ adapter: fields });
    expect(hasEffect(field('layers_to_transform'), adapter({ target_modules: ['query'] }))).toBe(true);
    expect(hasEffect(field('layers_to_transform'), adapter({ target_modules: 'all-linear' }))).toBe(false);
  });

  it('says in words what a value must be', () => {
    expect(problemOf(field('r').setting, 0)).toBe(
      '0 does not fit. It takes a whole number, 1 or more and at most 65536.',
    );
    expect(problemOf(field('learning_rate').setting, 'fast')).toBe(
      '"fast" does not fit. It takes a number, 0 or more.',
    );
    expect(problemOf(field('learning_rate').setting, 1e-3)).toBeNull();
    expect(problemOf(field('eval_steps').setting, null)).toBeNull();
  });

  it('finds the first field that is wrong, and none among those without an effect', () => {
    const spec = { adapter: { peft_type: 'LORA', r: 0 }, training: { eval_steps: 0 } };
    expect(firstProblem(spec)?.field.name).toBe('r');
    expect(firstProblem({ adapter: { peft_type: 'FULL', r: 0 }, training: { eval_steps: 0 } })).toBeNull();
  });

  it('puts a value at its path', () => {
    expect(patchAt(['training', 'lr_scheduler_kwargs', 'power'], 2)).toEqual({
      training: { lr_scheduler_kwargs: { power: 2 } },
    });
    expect(patchAt(['adapter', 'r'], undefined)).toEqual({ adapter: { r: null } });
  });
});

describe('values as text', () => {
  it.each([
    ['learning_rate', '1e-3', 0.001],
    ['learning_rate', '5e-5', 0.00005],
    ['learning_rate', 'fast', 'fast'],
    ['class_weights', 'balanced', 'balanced'],
    ['class_weights', '1, 2.5', [1, 2.5]],
    ['target_modules', 'query, value', ['query', 'value']],
    ['target_modules', 'all-linear', 'all-linear'],
    ['layers_to_transform', '0, 1', [0, 1]],
    ['rank_pattern', 'query=8, layer.0.value=4', { query: 8, 'layer.0.value': 4 }],
  ])('reads %s "%s"', (name, text, value) => {
    expect(valueOfText(field(name).setting, text)).toEqual(value);
  });

  it('writes what it reads', () => {
    expect(textOfValue(5e-5)).toBe('5e-5');
    expect(textOfValue(0.001)).toBe('0.001');
    expect(textOfValue({ query: 8, value: 4 })).toBe('query=8, value=4');
    expect(textOfValue(null)).toBe('');
  });
});

describe('words of the form', () => {
  it('stand in the place of paths and names of settings', () => {
    expect(
      inWords(
        'training.load_best_model_at_end true does not go with save_strategy "steps"; max_length, seed.',
      ),
    ).toBe('Keep the best true does not go with Checkpoints "steps"; Longest text, seed.');
  });

  it('say why a setting is without effect', () => {
    const field = sectionFields('evaluation').common.find(({ name }) => name === 'eval_steps')!;
    expect(noEffectReason(field, { training: { eval_strategy: 'epoch' } })).toBe(
      'No effect here. It has one when Evaluate is steps.',
    );
    expect(noEffectReason(field, { training: { eval_strategy: 'steps' } })).toBeNull();
  });
});
