import { parse } from 'yaml';
import { expect, it } from 'vitest';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { configFile, configLines, searchLines } from './config-lines.ts';

const { config } = parseTrainConfig(
  {
    model: '/models/minilm',
    data: { train: 'train.jsonl', split: { test_size: 0.2, seed: 42 } },
    adapter: { peft_type: 'LORA', r: 16, target_modules: ['query', 'value'] },
    training: { learning_rate: 1e-3, eval_strategy: 'epoch' },
  },
  'a test',
);

it('lists every setting with its help and marks what is not the default', () => {
  const lines = configLines(config, ['training.learning_rate', 'adapter.r']);
  const line = (path: string) => lines.find((one) => one.path === path);
  expect(line('training.learning_rate')).toMatchObject({
    section: 'training',
    value: '0.001',
    changed: true,
  });
  expect(line('training.learning_rate')?.help).toContain('first step');
  expect(line('adapter.target_modules')?.value).toBe('query, value');
  expect(line('data.split.test_size')).toMatchObject({
    section: 'data',
    name: 'split.test_size',
    changed: false,
  });
  expect(line('training.max_grad_norm')?.changed).toBe(false);
});

it('finds settings by name, value and help', () => {
  const lines = configLines(config, ['training.learning_rate']);
  expect(searchLines(lines, 'learning rate first step', false).map(({ path }) => path)).toContain(
    'training.learning_rate',
  );
  expect(searchLines(lines, '', true)).toHaveLength(1);
});

it.each(['json', 'yaml'] as const)(
  'writes a %s file that graft train reads back as the same run',
  (format) => {
    const text = configFile(config, format);
    const read: unknown = format === 'json' ? JSON.parse(text) : parse(text);
    expect(parseTrainConfig(read, 'a test').config).toEqual(config);
  },
);
