import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recipeSchema } from '../../../shared/contract/scripts.ts';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { testBackend } from '../test-support.ts';
import { readScript } from './read-script.ts';

const folder = join(import.meta.dirname, 'samples');
const read = (...names: string[]): string => readFileSync(join(folder, ...names), 'utf8');

describe('a script', () => {
  it.each(readdirSync(folder))('%s is read as its recipe says', (name) => {
    expect(readScript(read(name, 'script.py'))).toEqual(
      recipeSchema.parse(JSON.parse(read(name, 'recipe.json'))),
    );
  });

  it('names the traps of the article', () => {
    const codes = readScript(read('article', 'script.py')).traps.map(({ code }) => code);
    expect(codes).toEqual(
      expect.arrayContaining(['inference-mode', 'padding-max-length', 'no-seed', 'no-modules-to-save']),
    );
  });

  it('reads as a notebook what is one', () => {
    const lines = read('article', 'script.py').split('\n');
    const source = lines.map((line) => `${line}\n`);
    const cells = [
      { cell_type: 'markdown', source: ['# LoRA'] },
      { cell_type: 'code', source: ['!pip install peft\n', '%matplotlib inline\n'] },
      { cell_type: 'code', source },
    ];
    const { model, adapter, notUnderstood } = readScript(JSON.stringify({ cells, nbformat: 4 }));
    const script = readScript(lines.join('\n'));
    expect({ model, adapter, notUnderstood }).toEqual({
      model: script.model,
      adapter: script.adapter,
      notUnderstood: [],
    });
  });

  it('is never run: names that would do harm stay names', () => {
    const recipe = readScript(
      'import os\nos.system("touch /tmp/harm")\n__import__("os").remove("x")\neval("1/0")\nopen("x", "w").write("y")\n',
    );
    expect(recipe.model).toBeNull();
    expect(recipe.notUnderstood.map(({ line }) => line)).toEqual(expect.arrayContaining([3, 4]));
  });

  it('shows what it cannot know with its line and the reason', () => {
    const { training, notUnderstood } = readScript(
      'from transformers import TrainingArguments\nargs = TrainingArguments(\n  "out",\n  learning_rate=best_rate(),\n  num_train_epochs=2,\n)\n',
    );
    expect(training).toEqual({ num_train_epochs: 2 });
    expect(notUnderstood).toEqual([
      { line: 4, text: 'learning_rate=best_rate(),', why: expect.stringContaining('best_rate') as string },
    ]);
  });
});

describe('hostile texts', () => {
  const calls = Array.from({ length: 2000 }, (_, i) => `def f${i}(x):\n  f${i + 1}(x)\n  f${i + 1}(x)\n`);
  it.each([
    ['brackets', '('.repeat(400_000)],
    ['an open string', '"'.repeat(400_001)],
    ['a long chain', `a${'.b'.repeat(200_000)}`],
    ['a long sum', `${'1+'.repeat(200_000)}1`],
    ['calls that double', `${calls.join('')}f0(1)`],
    ['a function that calls itself', 'def f(x):\n  return f(x) + f(x)\nf(1)\n'],
    ['shell lines', '!x\n'.repeat(100_000)],
    ['open braces of an f-string', `f"${'{'.repeat(300_000)}`],
    ['names of objects', 'x = dict(__proto__=1, constructor=2)\nx["__proto__"]["y"] = toString.valueOf()\n'],
    ['bytes', Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 256)).toString('latin1')],
    ['nothing', ''],
  ])('%s end with an answer', (_, text) => {
    expect(recipeSchema.parse(readScript(text)).model).toBeNull();
  });
});

describe('the methods', () => {
  it('read a script aside and give the recipes that come with the app, which can all be trained', async () => {
    const backend = await testBackend();
    const { recipe } = await backend.call('scripts/read', { text: read('article', 'script.py') });
    expect(recipe.model).toBe('nlptown/bert-base-multilingual-uncased-sentiment');
    const { recipes } = await backend.call('scripts/recipes', {});
    expect(recipes[0]).toMatchObject({
      key: 'article',
      recipe: { dataset: { hubId: 'yelp_review_full' }, trainSelect: { shuffle_seed: 42, count: 1000 } },
    });
    expect(recipes.length).toBeGreaterThan(2);
    for (const { recipe: one } of recipes) {
      const { model, adapter, training } = one;
      const data = { train: 'train.jsonl', eval: 'eval.jsonl' };
      expect(parseTrainConfig({ model, data, adapter, training }, 'recipe').notes).toEqual([]);
    }
  });
});
