import { describe, expect, it } from 'vitest';
import { automaticName } from './automatic-name.ts';

const config = (adapter: object = {}, training: object = {}, more: object = {}) => ({
  model: '/models/bert-tiny',
  data: { max_length: null, train_select: null },
  adapter: { peft_type: 'LORA', r: 16, lora_alpha: 32, target_modules: ['query', 'value'], ...adapter },
  training: { learning_rate: 0.001, num_train_epochs: 3, max_steps: -1, seed: 42, ...training },
  ...more,
});
/** The names that runs get one after the other. */
function names(...configs: ReturnType<typeof config>[]): string[] {
  const made: { name: string; config: ReturnType<typeof config> }[] = [];
  for (const one of configs) made.push({ name: automaticName('reviews v1', one, made), config: one });
  return made.map(({ name }) => name);
}

describe('the name that a run gets by itself', () => {
  it('says data and method where nothing else is like it', () => {
    expect(names(config(), config({ r: 8 }), config({ peft_type: 'HEAD_ONLY' }))).toEqual([
      'reviews v1, LoRA r=16',
      'reviews v1, LoRA r=8',
      'reviews v1, head only',
    ]);
  });

  it('adds what tells it from its neighbours: modules, rate, rows, seed, model', () => {
    expect(
      names(
        config(),
        config({ target_modules: 'all-linear' }),
        config({}, { learning_rate: 0.0005 }),
        config({}, {}, { data: { max_length: 128, train_select: { count: 1000 } } }),
        config({}, { seed: 7 }),
        config({}, {}, { model: '/models/roberta-base' }),
      ),
    ).toEqual([
      'reviews v1, LoRA r=16',
      'reviews v1, LoRA r=16, all linear layers',
      'reviews v1, LoRA r=16, lr 5e-4',
      'reviews v1, LoRA r=16, 1000 rows',
      'reviews v1, LoRA r=16, seed 7',
      'reviews v1, LoRA r=16, roberta-base',
    ]);
  });

  it('counts runs that are the same', () => {
    expect(names(config(), config(), config())).toEqual([
      'reviews v1, LoRA r=16',
      'reviews v1, LoRA r=16, run 2',
      'reviews v1, LoRA r=16, run 3',
    ]);
  });
});
