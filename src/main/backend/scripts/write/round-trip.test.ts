import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Recipe } from '../../../../shared/contract/scripts.ts';
import { Fault } from '../../../../shared/faults/index.ts';
import type { Setting, Settings } from '../../../../shared/settings/setting.ts';
import { parseTrainConfig, type TrainConfig } from '../../../../shared/settings/train-config.ts';
import { trainingSettings } from '../../../../shared/settings/training.ts';
import { lora } from '../../../../shared/methods/lora.ts';
import { parseAdapterConfig } from '../../../engine/formats/adapter-config.ts';
import { readScript } from '../read-script.ts';
import type { ScriptContents } from './contents.ts';
import { scriptText } from './script-text.ts';

const names = fc.constantFrom(
  'query',
  'value',
  'bert.encoder.layer.0.output.dense',
  '.*\\.(key|"odd")',
  'Größe',
);

/** Values that a setting takes, by its description. */
function valuesOf(setting: Setting): fc.Arbitrary<unknown> {
  switch (setting.type) {
    case 'integer':
      return fc.integer({ min: setting.min ?? -1000, max: Math.min(setting.max ?? 5000, 2 ** 31) });
    case 'number': {
      const min = setting.min ?? setting.above ?? -10;
      // JSON, and so a config, has no -0.
      return fc
        .double({
          min,
          max: setting.max ?? setting.below ?? min + 100,
          minExcluded: setting.above !== undefined,
          maxExcluded: setting.below !== undefined,
          noNaN: true,
        })
        .map((value) => value + 0);
    }
    case 'switch':
      return fc.boolean();
    case 'choice':
      return fc.constantFrom(...setting.choices);
    case 'switch or choice':
      return fc.oneof(fc.boolean(), fc.constantFrom(...setting.choices));
    case 'names':
      return fc.oneof(names, fc.uniqueArray(names, { minLength: 1 }));
    case 'text list':
      return fc.uniqueArray(fc.constantFrom('pooler.dense', 'embeddings'), { minLength: 1 });
    case 'integer list':
      return fc.uniqueArray(fc.nat(99), { minLength: 1 });
    case 'layers':
      return fc.oneof(fc.nat(12), fc.uniqueArray(fc.nat(12), { minLength: 1 }));
    case 'number map':
      return fc.dictionary(names, fc.integer({ min: 1, max: 64 }), {
        minKeys: 1,
        maxKeys: 3,
        noNullPrototype: true,
      });
    case 'class weights':
      return fc.oneof(
        fc.constant('balanced'),
        fc.tuple(fc.double({ min: 0, max: 9, noNaN: true }), fc.nat(5)),
      );
    case 'group':
      return someOf(setting.fields);
    default:
      throw new Error(`${setting.type} is not drawn here.`);
  }
}

/** Values of some of the settings. */
const someOf = (settings: Settings): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .subarray(Object.keys(settings), { maxLength: Math.min(7, Object.keys(settings).length) })
    .chain((chosen) =>
      fc.record(Object.fromEntries(chosen.map((name) => [name, valuesOf(settings[name]!)]))),
    );

const select = fc.option(
  fc.record({ shuffle_seed: fc.option(fc.nat(99)), count: fc.integer({ min: 1, max: 1000 }) }),
);
const column = fc.constantFrom('text', 'label 2', 'Größe "x"', "it's", 'a\\b');
const held = fc.record({
  eval: fc.constantFrom('eval.jsonl', 'parts/held out.jsonl'),
  split: fc.constant(null),
  eval_select: select,
});
const split = fc.record({
  eval: fc.constant(null),
  split: fc.record({ test_size: fc.constantFrom(0.1, 0.2, 1 / 3), seed: fc.nat(9) }),
  eval_select: fc.constant(null),
});

const configs = fc.record({
  model: fc.constantFrom('org/model', '/models/a b', 'C:\\models\\x'),
  model_overrides: fc.constantFrom({}, { hidden_dropout_prob: 0 }, { classifier_dropout: 0.3, x: 'y' }),
  data: fc
    .tuple(
      fc.record({
        train: fc.constantFrom('train.jsonl', 'my data/train.jsonl'),
        text_column: column,
        text_pair_column: fc.option(column),
        label_column: column,
        label_map: fc.constantFrom({}, { 1: 'low', 2: 'low', 'it\'s "3"': 'high' }),
        train_select: select,
        max_length: fc.option(fc.integer({ min: 3, max: 512 })),
        padding: fc.constantFrom('longest', 'max_length'),
      }),
      fc.oneof(held, split),
    )
    .map(([train, test]) => ({ ...train, ...test })),
  adapter: fc.oneof(
    someOf(lora.settings).map((fields) => ({
      target_modules: ['query'],
      ...fields,
      peft_type: 'LORA',
      task_type: 'SEQ_CLS',
    })),
    fc.constantFrom({ peft_type: 'HEAD_ONLY' }, { peft_type: 'FULL' }),
  ),
  training: someOf(trainingSettings),
});

const contents: Omit<ScriptContents, 'config' | 'rows' | 'model' | 'savedModules' | 'maxLength'> = {
  title: 'A "run"\nwith two lines',
  labels: ['ham', 'spam "1"'],
  labelText: 'as it is',
  canStratify: true,
  head: 'new',
  headLayers: [{ path: 'classifier', hasBias: true, deviation: null }],
  measured: { accuracy: 0.98 },
};

function factsOf(config: TrainConfig): ScriptContents {
  const { data } = config;
  const file = (path: string) => ({ path, format: 'json' as const, options: {} });
  const more = config.adapter['modules_to_save'];
  return {
    ...contents,
    config,
    model: { name: config.model, revision: null },
    rows: {
      kind: 'files',
      train: file(data.train),
      eval: data.eval === null ? null : file(data.eval),
      textColumn: data.text_column,
      textPairColumn: data.text_pair_column,
      labelColumn: data.label_column,
    },
    savedModules: ['classifier', ...(Array.isArray(more) ? more.map(String) : [])],
    maxLength: data.max_length,
  };
}

/** The config that a recipe means. */
function configOf(recipe: Recipe): TrainConfig {
  const { dataset, textColumn, labelColumn, textPairColumn: pair, trainSelect, evalSelect } = recipe;
  const [train, evaluated] = dataset?.files ?? [];
  const given = {
    model: recipe.model,
    model_overrides: recipe.modelOverrides,
    data: {
      train: train?.path,
      eval: evaluated?.path ?? null,
      split: recipe.split ?? null,
      text_column: textColumn,
      text_pair_column: pair,
      label_column: labelColumn,
      label_map: recipe.labelMap,
      train_select: trainSelect,
      eval_select: evalSelect,
      max_length: recipe.maxLength,
      padding: recipe.padding,
    },
    adapter: recipe.adapter ?? { peft_type: 'FULL' },
    training: recipe.training,
  };
  return parseTrainConfig(given, 'recipe').config;
}

/** What of a config decides the result. */
function effective(config: TrainConfig): unknown {
  const { attention: _, ...training } = config.training;
  if (training.max_steps > 0) training.num_train_epochs = 3;
  if (training.max_steps === 0) training.max_steps = -1;
  if (training.eval_strategy !== 'steps') training.eval_steps = null;
  if (training.loraplus_lr_ratio === null) training.loraplus_lr_embedding = 1e-6;
  if (training.early_stopping_patience === null) training.early_stopping_threshold = 0;
  const { adapter } = config;
  return {
    ...config,
    training,
    adapter: adapter.peft_type === 'LORA' ? parseAdapterConfig(lora, adapter, 'adapter') : adapter,
  };
}

/** The config with its defaults; null where it is one that cannot be trained. */
function accepted(given: unknown): TrainConfig | null {
  try {
    const { config } = parseTrainConfig(given, 'config');
    if (config.adapter.peft_type === 'LORA') parseAdapterConfig(lora, config.adapter, 'adapter');
    // Read scripts do not keep the worst checkpoint as the best.
    const { metric_for_best_model: metric, greater_is_better: greater } = config.training;
    return greater === null || greater === !(metric ?? 'loss').endsWith('loss') ? config : null;
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

describe('a written script', () => {
  it('gives the same settings back when it is read, whatever they are', () => {
    let tried = 0;
    fc.assert(
      fc.property(configs, (given) => {
        const config = accepted(given);
        fc.pre(config !== null);
        const { text } = scriptText(factsOf(config));
        const recipe = readScript(text);
        expect(recipe.notUnderstood, text).toEqual([]);
        expect(effective(configOf(recipe)), text).toEqual(effective(config));
        expect(recipe.numLabels).toBe(2);
        const codes = recipe.traps.map(({ code }) => code);
        expect(
          codes.filter(
            (code) =>
              ![
                'lr-full-for-lora',
                'accumulation',
                'padding-max-length',
                'eval-on-train',
                'targets-none',
                'other-rows',
              ].includes(code),
          ),
        ).toEqual([]);
        tried++;
      }),
      { numRuns: 300, maxSkipsPerRun: 1000 },
    );
    expect(tried).toBe(300);
  });
});
