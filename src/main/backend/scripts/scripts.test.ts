import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recipeSchema } from '../../../shared/contract/scripts.ts';
import { parseTrainConfig } from '../../../shared/settings/train-config.ts';
import { testBackend } from '../test-support.ts';
import { readScript } from './read-script.ts';

const folder = join(import.meta.dirname, 'samples');
const read = (...names: string[]): string => readFileSync(join(folder, ...names), 'utf8');
const script = (name: string): string =>
  read(
    name,
    readdirSync(join(folder, name)).find((file) => file.startsWith('script.'))!,
  );
/** A script with some arguments of TrainingArguments, one a line from line 3 on, and lines behind it. */
const training = (args: readonly string[], ...after: string[]) =>
  readScript(
    [
      'from transformers import *',
      'args = TrainingArguments("out",',
      ...args.map((argument) => `  ${argument},`),
      ')',
      ...after,
    ].join('\n'),
  );

describe('a script', () => {
  it.each(readdirSync(folder))('%s is read as its recipe says', (name) => {
    expect(readScript(script(name))).toEqual(recipeSchema.parse(JSON.parse(read(name, 'recipe.json'))));
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

describe('a value', () => {
  const rate = (...lines: string[]) =>
    readScript(
      ['from transformers import *', ...lines, 'TrainingArguments("out", learning_rate=x, seed=1)'].join(
        '\n',
      ),
    );

  it.each([
    ['arithmetic of numbers', ['x = 8 * 4 / (1 << 6) - 2e-5'], 0.5 - 2e-5],
    ['one set alike on both ways', ['if f():', '  x = 5e-4', 'else:', '  x = 5e-4'], 5e-4],
    ['a branch that is never taken', ['DEBUG = False', 'x = 1e-3', 'if DEBUG:', '  x = 1'], 1e-3],
    ['a name of a helper', ['def make(base, times=2):', '  return base * times', 'x = make(1e-4)'], 2e-4],
    ['a helper called twice', ['def f(a):', '  return a', 'y = f(1)', 'x = f(1e-4)'], 1e-4],
    [
      'a text that argparse turns into a number',
      [
        'import argparse',
        'p = argparse.ArgumentParser()',
        'p.add_argument("--lr", type=float, default="3e-4")',
        'x = p.parse_args().lr',
      ],
      3e-4,
    ],
    [
      'a default that is set later',
      [
        'import argparse',
        'p = argparse.ArgumentParser()',
        'p.add_argument("--lr")',
        'p.set_defaults(lr=2e-4)',
        'x = p.parse_args().lr',
      ],
      2e-4,
    ],
    ['the first of a list that grows', ['l = [1e-4]', 'l.append(2)', 'x = l[0]'], 1e-4],
  ])('is worked out: %s', (_, lines, expected) => {
    const recipe = rate(...lines);
    expect(recipe.training).toEqual({ learning_rate: expected, seed: 1 });
    expect(recipe.notUnderstood.filter(({ why }) => why.includes('learning_rate'))).toEqual([]);
  });

  it.each([
    ['branches that differ', ['if f():', '  x = 1e-4', 'else:', '  x = 2e-4'], 'the condition in line 2'],
    ['a branch that may not be taken', ['x = 1e-4', 'while f():', '  x = 2e-4'], 'the loop in line 3'],
    ['a choice', ['x = 1e-4 if f() else 2e-4'], 'the condition in line 2'],
    ['a sum of a loop', ['x = 0', 'for y in [1e-4, 2e-4]:', '  x += y'], 'the loop in line 3'],
    [
      'an entry set on a condition',
      ['d = {"x": 1e-4}', 'if f():', '  d["x"] = 1', 'x = d["x"]'],
      'line 4 on a condition',
    ],
    ['an entry of an unknown key', ['d = {"x": 1e-4}', 'd[f()] = 1', 'x = d["x"]'], 'no x in the dictionary'],
    ['a dictionary with unknown parts', ['d = {"x": 1e-4, **f()}', 'x = d["x"]'], 'no x in the dictionary'],
    ['an entry taken out', ['d = {"x": 1e-4}', 'd.pop("x")', 'x = d["x"]'], 'while the script runs'],
    [
      'an early return',
      ['def g():', '  if f():', '    return 1e-4', '  return 2e-4', 'x = g()'],
      'g may return another value',
    ],
    [
      'a way without a return',
      ['def g():', '  if f():', '    return 1e-4', 'x = g()'],
      'g may return another value',
    ],
    ['a global name', ['x = 1e-4', 'def g():', '  global x', '  x = 1', 'g()'], 'global name'],
    ['the rest of a list', ['a, *x = 1, 1e-4'], 'a part of a list'],
    [
      'a function that calls itself',
      ['def g(a):', '  return g(a)', 'x = g(1e-4)'],
      'g gives is not followed',
    ],
    ['a name that is deleted', ['x = 1e-4', 'del x'], 'it is deleted'],
  ])('is left out and named where it is not followed: %s', (_, lines, why) => {
    const recipe = rate(...lines);
    expect(recipe.training).toEqual({ seed: 1 });
    expect(recipe.notUnderstood.map(({ why }) => why).join(' ')).toContain(why);
    expect(recipe.notUnderstood.find(({ why }) => why.includes(why))!.line).toBeGreaterThan(1);
  });

  it('of a case of match, or of arguments in the script, is named', () => {
    expect(rate('x = 1', 'match f():', '  case 1: x = 2').notUnderstood).toContainEqual(
      expect.objectContaining({ line: 3 }),
    );
    const parsed = ['import argparse', 'p = argparse.ArgumentParser()', 'x = p.parse_args(["--lr", "1"]).lr'];
    expect(rate(...parsed).notUnderstood).toContainEqual(expect.objectContaining({ line: 4 }));
  });
});

describe('what trains', () => {
  const lines = [
    'from transformers import *',
    'from peft import *',
    'M = AutoModelForSequenceClassification',
    'a, b = M.from_pretrained("a"), M.from_pretrained("b")',
    'args = TrainingArguments("out", seed=1)',
  ];
  it.each([
    ['which of several models', ['Trainer(model=[a, b][f()], args=args)'], 4, 'Several models'],
    ['which arguments', ['Trainer(model=a, args=pick(args))'], 6, 'Which TrainingArguments'],
    ['an adapter on a condition', ['if small():', '  LoraConfig(r=4)', 'Trainer(a, args)'], 7, 'small()'],
    [
      'a second adapter',
      ['LoraConfig(r=4)', 'LoraConfig(r=8)', 'Trainer(a, args)'],
      7,
      'A second LoraConfig',
    ],
  ])('is named with its line where it is not certain: %s', (_, more, line, why) => {
    const { notUnderstood, model } = readScript([...lines, ...more].join('\n'));
    expect(model).toBe('a');
    expect(notUnderstood).toContainEqual(
      expect.objectContaining({ line, why: expect.stringContaining(why) as string }),
    );
  });
});

describe('settings that depend on each other', () => {
  it.each([
    [
      'a metric',
      [
        'metric_for_best_model="f1"',
        'greater_is_better=True',
        'load_best_model_at_end=True',
        'eval_strategy="epoch"',
        'save_strategy="epoch"',
      ],
      { eval_strategy: 'epoch', save_strategy: 'epoch' },
    ],
    [
      'when it is evaluated',
      ['eval_strategy=when()', 'load_best_model_at_end=True', 'metric_for_best_model="accuracy"', 'seed=1'],
      { seed: 1 },
    ],
    [
      'how often it is evaluated',
      ['eval_strategy="steps"', 'eval_steps=len(rows) // 10', 'load_best_model_at_end=True', 'seed=1'],
      { seed: 1 },
    ],
    [
      'the schedule',
      [
        'lr_scheduler_type="cosine_with_restarts"',
        'lr_scheduler_kwargs={"num_cycles": 3}',
        'warmup_ratio=0.1',
      ],
      {},
    ],
    ['the warm-up', ['lr_scheduler_type="cosine"', 'warmup_steps=len(rows) // 10'], {}],
    [
      'the optimizer',
      ['optim="sgd"', 'learning_rate=0.1', 'weight_decay=0.01', 'num_train_epochs=2'],
      { num_train_epochs: 2 },
    ],
    [
      'the batch',
      ['per_device_train_batch_size=64 // torch.cuda.device_count()', 'gradient_accumulation_steps=4'],
      {},
    ],
    ['the length', ['num_train_epochs=3', 'max_steps=steps_of(rows)'], {}],
    ['the seed', ['seed=3', 'data_seed=4'], {}],
    [
      'a batch that is found',
      ['auto_find_batch_size=True', 'per_device_train_batch_size=64', 'gradient_accumulation_steps=4'],
      {},
    ],
  ] as const)('are left out together: %s', (_, args, taken) => {
    const recipe = training(args);
    expect(recipe.training).toEqual(taken);
    expect(recipe.read.map(({ path }) => path.replace('training.', '')).sort()).toEqual(
      Object.keys(taken).sort(),
    );
    const said = [...recipe.traps, ...recipe.notUnderstood].map(({ line }) => line);
    args.forEach((arg, i) => {
      if (!Object.hasOwn(taken, arg.split('=')[0]!)) expect(said, arg).toContain(i + 3);
    });
  });

  it('are left out where the schedule or the optimizer is an object of the script', () => {
    const recipe = training(
      ['learning_rate=1e-3', 'warmup_steps=100', 'num_train_epochs=2'],
      'Trainer(model, args, optimizers=(opt, sched))',
    );
    expect(recipe.training).toEqual({ num_train_epochs: 2 });
  });

  it.each([
    ['f1_score(labels, preds, average="weighted")', 'f1_weighted'],
    ['evaluate.load("f1").compute(predictions=preds, references=labels, average="macro")', 'f1_macro'],
  ])('take the average that the script has: %s', (metric, name) => {
    const best = ['load_best_model_at_end=True', 'metric_for_best_model="eval_f1"', 'greater_is_better=True'];
    const recipe = training(
      [...best, 'eval_strategy="epoch"', 'save_strategy="epoch"'],
      'import evaluate',
      metric,
    );
    expect(recipe.training).toMatchObject({ metric_for_best_model: name, greater_is_better: true });
    expect(recipe.traps.map(({ code }) => code)).not.toContain('not-taken');
  });

  it('say that a direction against the metric keeps the worst checkpoint', () => {
    const recipe = training([
      'load_best_model_at_end=True',
      'greater_is_better=True',
      'eval_strategy="epoch"',
      'save_strategy="epoch"',
    ]);
    expect(recipe.training).toEqual({
      eval_strategy: 'epoch',
      save_strategy: 'epoch',
      load_best_model_at_end: true,
    });
    expect(recipe.traps).toContainEqual(expect.objectContaining({ code: 'wrong-direction', line: 4 }));
  });

  it('are none of the eight-bit forms of AdamW: the settings mean the same', () => {
    expect(training(['optim="adamw_bnb_8bit"', 'learning_rate=1e-3']).training).toEqual({
      learning_rate: 0.001,
    });
  });
});

describe('rows that a script takes', () => {
  const data = (...lines: string[]) =>
    readScript(
      [
        'from datasets import load_dataset',
        'from transformers import *',
        'ds = load_dataset("imdb")',
        ...lines,
        'Trainer(train_dataset=train, eval_dataset=test)',
      ].join('\n'),
    );
  it.each([
    ['rows in the middle', 'train = ds["train"].shuffle(seed=1).select(range(1000, 3000))'],
    ['rows of a list', 'train = ds["train"].select(picked)'],
    ['a filter before', 'train = ds["train"].filter(keep).select(range(100))'],
    ['a step that nobody knows', 'train = ds["train"].sort("label").select(range(100))'],
    ['a share of a split', 'train = load_dataset("imdb", split="train[:10%]")'],
    ['two splits', 'train = load_dataset("imdb", split="train+unsupervised")'],
    ['a seed of the command line', 'train = ds["train"].shuffle(seed=get()).select(range(100))'],
    ['a count of the command line', 'train = ds["train"].select(range(get()))'],
  ])('are taken whole and said where they are not followed: %s', (_, line) => {
    const recipe = data(line, 'test = ds["test"].select(range(50))');
    expect(recipe.trainSelect).toBeNull();
    expect(recipe.notUnderstood.map(({ line }) => line)).toContain(4);
    expect(recipe.evalSelect).toEqual({ shuffle_seed: null, count: 50 });
  });

  it('are shuffled with 42 where the script has no seed: the first ones may be of one class', () => {
    const recipe = data('train = ds["train"].shuffle().select(range(100))', 'test = ds["test"]');
    expect(recipe.trainSelect).toEqual({ shuffle_seed: 42, count: 100 });
    expect(recipe.traps).toContainEqual(expect.objectContaining({ code: 'no-seed', line: 4 }));
  });

  it('are taken whole where the script replaces a part that is not known', () => {
    const recipe = data(
      'for part in parts():',
      '  ds[part] = ds[part].select(range(5))',
      'train, test = ds["train"], ds["test"]',
    );
    expect([recipe.trainSelect, recipe.evalSelect]).toEqual([null, null]);
    expect(recipe.notUnderstood.map(({ line }) => line)).toContain(5);
  });

  it('are no part of a split where others are evaluated', () => {
    const recipe = data(
      'train = ds["train"].train_test_split(test_size=0.1, seed=1)["train"]',
      'test = ds["test"]',
    );
    expect(recipe).toMatchObject({ split: null, evalSplit: 'test' });
    expect(recipe.notUnderstood.map(({ line }) => line)).toContain(4);
  });

  it.each(['df["label"] = df["stars"].map(NAMES)', 'df["label"] = [NAMES[stars] for stars in df["stars"]]'])(
    'have their labels mapped by a dictionary: %s',
    (line) => {
      const mapped = (names: string) =>
        readScript(['import pandas as pd', `NAMES = ${names}`, 'df = pd.read_csv("a.csv")', line].join('\n'));
      const merged = mapped('{1: 0, 2: 0, 3: "good"}');
      expect(merged).toMatchObject({ labelColumn: 'stars', labelMap: { 1: '0', 2: '0', 3: 'good' } });
      expect([merged.traps, merged.notUnderstood]).toEqual([[], []]);
      expect(merged.read).toContainEqual({
        path: 'data.labelMap',
        line: 4,
        value: '{"1":"0","2":"0","3":"good"}',
      });
      // Numbers for names are what every classifier has.
      expect(mapped('{"bad": 0, "good": 1}')).toMatchObject({ labelMap: {}, traps: [], notUnderstood: [] });
      expect(mapped('{1: make(), 2: "x"}').traps.map(({ code }) => code)).toEqual(['labels-changed']);
    },
  );

  it('are said to be changed by what map does to them', () => {
    const recipe = data(
      'ds = ds.map(lambda row: {"label": int(row["label"] > 0)})',
      'train, test = ds["train"], ds["test"]',
    );
    expect(recipe.notUnderstood.map(({ line }) => line)).toEqual([4]);
  });
});

describe('how a script trains', () => {
  const model =
    'from transformers import *\nmodel = AutoModelForSequenceClassification.from_pretrained("bert-base-cased")\n';
  const trainer = '\nTrainer(model=model, args=TrainingArguments("out"))';
  it.each([
    ['everything', '', null],
    ['the head', 'for p in model.bert.parameters():\n  p.requires_grad = False', { peft_type: 'HEAD_ONLY' }],
    [
      'the head by its name',
      'for n, p in model.named_parameters():\n  if "classifier" not in n:\n    p.requires_grad = False',
      { peft_type: 'HEAD_ONLY' },
    ],
    [
      'upper layers',
      'for layer in model.bert.encoder.layer[:8]:\n  for p in layer.parameters():\n    p.requires_grad = False',
      undefined,
    ],
    [
      'layers by their name',
      'for n, p in model.named_parameters():\n  if "layer.11" not in n:\n    p.requires_grad = False',
      undefined,
    ],
    [
      'an adapter of before',
      'from peft import PeftModel\nmodel = PeftModel.from_pretrained(model, "old", is_trainable=True)',
      undefined,
    ],
    ['another method', 'from peft import *\nmodel = get_peft_model(model, IA3Config())', undefined],
  ])('is known or left open: %s', (_, lines, adapter) => {
    const recipe = readScript(model + lines + trainer);
    expect(recipe.adapter).toEqual(adapter);
    if (adapter === undefined)
      expect(recipe.traps.map(({ code }) => code)).toEqual(
        expect.arrayContaining([expect.stringMatching(/other-method|init-adapter/)]),
      );
  });

  it('names a model that Graft does not train, with the nearest that it does', () => {
    const load = 'from transformers import *\nmodel = AutoModelForSequenceClassification.from_pretrained';
    const { traps } = readScript(`${load}("allenai/longformer-base-4096")\n${trainer}`);
    const trap = traps.find(({ code }) => code === 'other-model');
    expect(trap).toMatchObject({ line: 2, remedy: 'Nearest is ModernBERT, which reads 8,192 tokens.' });
    expect(trap!.message).toMatch(
      /longformer-base-4096 is Longformer\. Graft does not train it: its attention/,
    );
  });

  it.each([
    ['distilbert-base-uncased', 'task_type="SEQ_CLS"', 'no-default-targets', 'PEFT has no default'],
    ['roberta-base', 'task_type="SEQ_CLS"', null, ''],
    [
      'distilbert-base-uncased',
      'task_type="SEQ_CLS", target_modules="all-linear"',
      'all-linear-head',
      'on pre_classifier,',
    ],
    ['roberta-base', 'task_type="SEQ_CLS", target_modules="all-linear"', null, ''],
    [
      'roberta-base',
      'task_type="TOKEN_CLS", target_modules="all-linear"',
      'all-linear-head',
      'on classifier,',
    ],
    [
      'microsoft/deberta-v3-base',
      'task_type="SEQ_CLS"',
      'half-precision',
      'transformers 5 trains in the type',
    ],
  ])('on %s with %s is told what PEFT and transformers make of it: %s', (name, fields, code, words) => {
    const recipe = readScript(
      'from transformers import *\nfrom peft import *\n' +
        `model = AutoModelForSequenceClassification.from_pretrained("${name}")\n` +
        `model = get_peft_model(model, LoraConfig(${fields}))${trainer}`,
    );
    const codes = ['no-default-targets', 'all-linear-head', 'half-precision'];
    const told = recipe.traps.filter((trap) => codes.includes(trap.code));
    expect(told.map((trap) => trap.code)).toEqual(code === null ? [] : [code]);
    expect(told.map(({ message }) => message).join(' ')).toContain(words);
  });

  it.each([
    ['bert-base-cased', 'PromptTuningConfig(task_type="TOKEN_CLS")', 'prompt-labels', 'labels of TOKEN_CLS'],
    [
      'bert-base-cased',
      'PromptEncoderConfig(task_type=TaskType.TOKEN_CLS)',
      'prompt-labels',
      'PromptEncoder',
    ],
    ['bert-base-cased', 'PromptTuningConfig(task_type="SEQ_CLS")', 'prompt-first', 'head of bert-base-cased'],
    ['albert-base-v2', 'PrefixTuningConfig(task_type="SEQ_CLS")', 'prefix-cache', 'albert-base-v2 does not'],
    ['xlm-roberta-base', 'PrefixTuningConfig(task_type="TOKEN_CLS")', null, ''],
    [
      'roberta-base',
      'LoraConfig(task_type="TOKEN_CLS", target_modules=["query", "classifier"])',
      'adapted-head',
      'on classifier, which for TOKEN_CLS',
    ],
    ['roberta-base', 'LoraConfig(task_type="TOKEN_CLS", target_modules=["query"])', null, ''],
    ['roberta-base', 'LoraConfig(task_type="SEQ_CLS", target_modules=["query", "classifier"])', null, ''],
  ])('on %s with %s is told where PEFT ends: %s', (name, config, code, words) => {
    const recipe = readScript(
      'from transformers import *\nfrom peft import *\n' +
        `model = AutoModelForSequenceClassification.from_pretrained("${name}")\n` +
        `model = get_peft_model(model, ${config})${trainer}`,
    );
    const codes = ['prompt-labels', 'prompt-first', 'prefix-cache', 'adapted-head'];
    const told = recipe.traps.filter((trap) => codes.includes(trap.code));
    expect(told.map((trap) => trap.code)).toEqual(code === null ? [] : [code]);
    expect(told.map(({ message }) => message).join(' ')).toContain(words);
  });

  it('with accumulated steps is told that transformers adds where Graft averages', () => {
    const { traps, training: read } = training(['gradient_accumulation_steps=4']);
    expect(read).toMatchObject({ gradient_accumulation_steps: 4 });
    expect(traps.find(({ code }) => code === 'accumulation')).toMatchObject({ line: 3 });
    expect(training(['gradient_accumulation_steps=1']).traps.map(({ code }) => code)).not.toContain(
      'accumulation',
    );
  });

  it('is left open where nothing trains', () => {
    expect(readScript('print(1)').adapter).toBeUndefined();
  });

  it('takes the class weights of a loss and names any other loss', () => {
    const own = (loss: string) =>
      readScript(
        `${model}import torch\nclass Own(Trainer):\n  def compute_loss(self, model, inputs):\n    return ${loss}\nOwn(model=model, args=TrainingArguments("out", label_smoothing_factor=0.1))`,
      );
    const weighted = own('torch.nn.functional.cross_entropy(x, y, weight=torch.tensor([1.0, 2.0]))');
    expect(weighted.training).toEqual({ class_weights: [1, 2] });
    expect(weighted.traps).toContainEqual(expect.objectContaining({ code: 'no-effect', line: 7 }));
    for (const loss of ['focal(x, y)', 'torch.nn.functional.cross_entropy(x, y, weight=weights())']) {
      const other = own(loss);
      expect(other.training).toEqual({});
      expect(other.traps.map(({ message }) => message)).toContain('The script computes its loss by itself.');
    }
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
    ['a text that doubles', `t = "ab"\n${'t = f"{t}{t}"\n'.repeat(60)}`],
    ['a list that doubles', `x = [1]\n${'x = [*x, *x] + x\n'.repeat(60)}`],
    ['a list of itself twice', `x = [1]\n${'x = [x, x]\n'.repeat(60)}TrainingArguments("out", seed=x)`],
    ['a dictionary in itself', 'd = {}\nd["d"] = d\nTrainingArguments("out", **d)'],
    ['many branches', Array.from({ length: 4000 }, (_, i) => `if c(${i}):\n  x${i} = 1\n`).join('')],
    ['bytes', Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) % 256)).toString('latin1')],
    ['nothing', ''],
  ])('%s end with an answer', (_, text) => {
    expect(recipeSchema.parse(readScript(text)).model).toBeNull();
  });
});

describe('the methods', () => {
  it('read a script in a thread and give the recipes that come with the app, which can all be trained', async () => {
    const backend = await testBackend();
    const { recipe } = await backend.call('scripts/read', { text: read('article', 'script.py') });
    expect(recipe.model).toBe('nlptown/bert-base-multilingual-uncased-sentiment');
    const { recipes } = await backend.call('scripts/recipes', {});
    expect(recipes[0]).toMatchObject({
      key: 'article',
      recipe: { dataset: { hubId: 'yelp_review_full' }, trainSelect: { shuffle_seed: 42, count: 1000 } },
    });
    expect(recipes.length).toBeGreaterThan(2);
    for (const { recipe: shipped } of recipes) {
      const { model, adapter, training } = shipped;
      const data = { train: 'train.jsonl', eval: 'eval.jsonl' };
      expect(parseTrainConfig({ model, data, adapter, training }, 'recipe').notes).toEqual([]);
    }
  });

  it("keep recipes of one's own, which are configs of graft train", async () => {
    const backend = await testBackend();
    const adapter = { peft_type: 'LORA', r: 4, target_modules: ['query'] };
    const spec = { adapter, training: { learning_rate: 0.002 }, data: { maxLength: 96 } };
    const names = async () =>
      (await backend.call('scripts/recipes', {})).recipes.flatMap(({ name, file }) =>
        file === null ? [] : [name],
      );
    const { file } = await backend.call('scripts/save-recipe', { name: 'Mine, small', spec });
    expect(await names()).toEqual(['Mine, small']);
    const [own] = (await backend.call('scripts/recipes', {})).recipes;
    expect(own).toMatchObject({
      file,
      recipe: { adapter, maxLength: 96, training: { learning_rate: 0.002 } },
    });
    const config = { model: 'm', ...(JSON.parse(readFileSync(file, 'utf8')) as { data: object }) };
    const given = { ...config, data: { ...config.data, train: 'train.csv' } };
    expect(parseTrainConfig(given, file).config).toMatchObject({ adapter, data: { max_length: 96 } });
    await expect(backend.call('scripts/save-recipe', { name: 'Mine, small', spec })).rejects.toThrow(
      'already',
    );
    await expect(backend.call('scripts/save-recipe', { name: '../out', spec })).rejects.toThrow();
    await backend.call('scripts/rename-recipe', { name: 'Mine, small', to: 'Mine' });
    expect(await names()).toEqual(['Mine']);
    await backend.call('scripts/remove-recipe', { name: 'Mine' });
    expect(await names()).toEqual([]);
    await expect(backend.call('scripts/remove-recipe', { name: 'Mine' })).rejects.toThrow('no recipe');
  });

  it('name the files that are no recipes, say what is wrong with each, and delete them', async () => {
    const backend = await testBackend();
    const { recipes } = backend.context.workspace;
    writeFileSync(join(recipes, 'cut.json'), '{');
    writeFileSync(join(recipes, 'a: "b".json'), '{"adapter": {}, "data": {"padding": "always"}}');
    writeFileSync(join(recipes, 'list.json'), '[]');
    mkdirSync(join(recipes, 'folder.json'));
    const list = async () => (await backend.call('scripts/recipes', {})).broken;
    const found = await list();
    expect(found.map(({ name }) => name)).toEqual(['a: "b"', 'cut', 'list']);
    expect(new Set(found.map(({ fault }) => fault.code))).toEqual(new Set(['scripts/recipe-broken']));
    expect(found[0]!.fault.message).toMatch(/a: "b"\.json is no recipe: data\.padding: .*max_length/);
    expect(found[1]!.fault.message).toMatch(/cut\.json is no recipe: it is not JSON/);
    expect(found[2]!.fault.message).toMatch(/list\.json is no recipe: the whole: .*object/);
    for (const { name } of found) await backend.call('scripts/remove-recipe', { name });
    expect(await list()).toEqual([]);
    await expect(backend.call('scripts/remove-recipe', { name: '../graft' })).rejects.toThrow();
  });
});
