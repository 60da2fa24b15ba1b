import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../shared/contract/datasets.ts';
import type { Preset } from '../../shared/contract/experiments.ts';
import type { Recipe } from '../../shared/contract/scripts.ts';
import { sampleModel } from '../fake-backend.ts';
import { draftOfRecipe } from './recipe-draft.ts';
import { patched, presetOf, splitsOf, wholeSpec, withPreset, type Draft } from './spec-choice.ts';
import { version } from '../test-support.ts';

const recipe = (change: Partial<Recipe>): Recipe => ({
  model: null,
  dataset: null,
  textColumn: null,
  textPairColumn: null,
  labelColumn: null,
  labelMap: {},
  numLabels: null,
  trainSplit: null,
  evalSplit: null,
  trainSelect: null,
  evalSelect: null,
  maxLength: null,
  padding: null,
  metrics: [],
  adapter: { r: 16 },
  modelOverrides: {},
  training: {},
  read: [],
  traps: [],
  notUnderstood: [],
  ...change,
});
const splits = [
  { name: 'train', rows: 8 },
  { name: 'test', rows: 2 },
];
const yelp: Dataset = {
  id: 'd',
  name: 'Yelp',
  createdAt: 0,
  source: 'yelp_review_full',
  latest: version({ splits }),
  versions: 1,
};

describe('a recipe in the form', () => {
  it('finds model and data by their hub ids and takes over rows and settings', () => {
    const { draft, missing } = draftOfRecipe(
      recipe({
        model: 'prajjwal1/bert-tiny',
        dataset: { hubId: 'yelp_review_full', config: null, files: [] },
        trainSelect: { shuffle_seed: 42, count: 1000 },
        maxLength: 128,
        training: { evaluation_strategy: 'epoch', bf16: true, warmup_ratio: 0.1 },
      }),
      {},
      [sampleModel],
      [yelp],
    );
    expect(missing).toEqual([]);
    expect(draft).toMatchObject({
      modelId: 'm',
      versionId: 'v1',
      data: { trainSplit: 'train', evalSplit: 'test', maxLength: 128, trainSelect: { count: 1000 } },
      adapter: { peft_type: 'LORA', r: 16 },
      training: { eval_strategy: 'epoch', precision: 'bf16', warmup_steps: 0.1 },
    });
    expect(wholeSpec(draft)).not.toBeNull();
  });

  it('says what is not in the workspace and keeps what was chosen before', () => {
    const { draft, missing } = draftOfRecipe(
      recipe({ model: 'org/unknown', dataset: { hubId: 'imdb', config: null, files: [] } }),
      { modelId: 'm', versionId: 'v1' },
      [sampleModel],
      [yelp],
    );
    expect(missing.map(({ message }) => message)).toEqual([
      'The model org/unknown is not in this workspace.',
      'The data imdb is not in this workspace.',
    ]);
    expect(draft).toMatchObject({ modelId: 'm', versionId: 'v1' });
  });

  it('keeps the method where the script does not say how it trains', () => {
    const adapter = { peft_type: 'LORA', r: 4 };
    const { draft } = draftOfRecipe(recipe({ adapter: undefined }), { adapter }, [], []);
    expect(draft.adapter).toEqual(adapter);
  });

  it('says where the data has other classes or no second text', () => {
    const { missing } = draftOfRecipe(
      recipe({
        dataset: { hubId: 'yelp_review_full', config: null, files: [] },
        numLabels: 5,
        textPairColumn: 'title',
      }),
      {},
      [],
      [yelp],
    );
    expect(missing.map(({ message }) => message)).toEqual([
      'The script has 5 classes, Yelp has 2.',
      'The script reads a second text (title); Yelp has no column of that name.',
    ]);
  });

  it('says which label map the data lacks', () => {
    const dataset = { hubId: 'yelp_review_full', config: null, files: [] };
    const [first, second] = yelp.latest.labels.map(({ name }) => name);
    const mapped = recipe({ dataset, labelMap: { [first!]: 'low', [second!]: 'low' } });
    const { missing } = draftOfRecipe(mapped, {}, [], [yelp]);
    expect(missing.map(({ message }) => message)).toEqual([
      `The script maps labels: "${first}", "${second}" → "low"; Yelp has them as they were.`,
    ]);
  });

  it('trains the whole model where the script has no adapter, and keeps names it does not know for the pre-flight', () => {
    const { draft } = draftOfRecipe(recipe({ adapter: null, training: { nonsense: 1 } }), {}, [], []);
    expect(draft.adapter).toEqual({ peft_type: 'FULL' });
    expect(draft.training).toEqual({ nonsense: 1 });
  });
});

describe('choices of the form', () => {
  it('takes the usual splits, and sets a fifth aside where there is none to evaluate', () => {
    expect(splitsOf(version({ splits }))).toMatchObject({
      trainSplit: 'train',
      evalSplit: 'test',
      split: null,
    });
    expect(splitsOf(version())).toMatchObject({
      trainSplit: null,
      evalSplit: null,
      split: { test_size: 0.2, seed: 42 },
    });
    expect(splitsOf(version({ splits: [{ name: 'train', rows: 10 }] }))).toMatchObject({
      trainSplit: 'train',
      evalSplit: null,
      split: { test_size: 0.2 },
    });
  });

  const preset: Preset = {
    key: 'a',
    name: 'A',
    help: '',
    adapter: { peft_type: 'LORA', r: 16 },
    training: { num_train_epochs: 3, seed: 42 },
  };

  it('knows the preset that the form still has; another seed is no other preset', () => {
    const draft = withPreset({ training: { seed: 7 } }, preset);
    expect(draft.training).toEqual({ num_train_epochs: 3, seed: 7 });
    expect(presetOf(draft, [preset])).toBe(preset);
    expect(presetOf(patched(draft, { adapter: { r: 8 } }), [preset])).toBeNull();
  });

  it('applies repairs as merge patches and refuses one that does not fit the contract', () => {
    const draft: Draft = patched({}, { data: { evalSplit: 'test', evalSelect: { count: 10 } } });
    const mended = patched(draft, {
      data: { evalSplit: null, evalSelect: null, split: { test_size: 0.2, seed: 1 } },
    });
    expect(mended.data).toMatchObject({
      evalSplit: null,
      evalSelect: null,
      split: { test_size: 0.2, seed: 1 },
    });
    expect(patched(draft, { data: { padding: 'sideways' } })).toBe(draft);
  });
});
