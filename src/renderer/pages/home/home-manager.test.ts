import { expect, it } from 'vitest';
import { fakeBackend, sampleModel } from '../../fake-backend.ts';
import { HomeManager } from './home-manager.svelte.ts';
import type { Recipe } from '../../../shared/contract/scripts.ts';
import type { SystemStatus } from '../../../shared/contract/system.ts';

const status = (experiments: number): SystemStatus => ({
  version: '0',
  workspace: '/w',
  host: 'web',
  device: null,
  cpuCores: 2,
  memoryTotalMb: 1,
  memoryFreeMb: 1,
  diskFreeBytes: 1,
  counts: { datasets: 0, models: 0, experiments, adapters: 0, exports: 0 },
  running: null,
  queued: 0,
});
const recipe: Recipe = {
  model: sampleModel.hubId,
  modelOverrides: {},
  dataset: { hubId: 'yelp_review_full', config: null, files: [] },
  textColumn: 'text',
  textPairColumn: null,
  labelColumn: 'label',
  labelMap: {},
  numLabels: 5,
  trainSplit: 'train',
  evalSplit: 'test',
  trainSelect: { shuffle_seed: 42, count: 1000 },
  evalSelect: null,
  maxLength: null,
  padding: 'longest',
  metrics: ['accuracy'],
  adapter: { peft_type: 'LORA', r: 16 },
  training: {},
  read: [],
  traps: [],
  notUnderstood: [],
};

it('an empty workspace is known as such, also after the first thing was brought in', async () => {
  let experiments = 0;
  const { rpc } = fakeBackend({
    'system/home': () => ({ running: null, decisions: [], finished: [] }),
    'system/status': () => status(experiments),
  });
  const manager = new HomeManager(rpc);
  await manager.read();
  expect(manager.value?.empty).toBe(true);
  experiments = 1;
  await manager.read();
  expect(manager.value?.empty).toBe(false);
});

it('a backend that refuses is shown as its fault', async () => {
  const manager = new HomeManager(fakeBackend({}).rpc);
  await manager.read();
  expect(manager.fault?.code).toBe('test/refused');
  expect(manager.value).toBeNull();
});

it('a recipe fills the draft, and what the workspace lacks is named', async () => {
  const { rpc, asked } = fakeBackend({
    'models/list': () => ({ models: [sampleModel] }),
    'datasets/list': () => ({ datasets: [] }),
    'experiments/save-draft': () => ({}),
  });
  const missing = await new HomeManager(rpc).useRecipe(recipe);
  expect(missing.map(({ message }) => message)).toEqual([
    'The data yelp_review_full is not in this workspace.',
  ]);
  const saved = asked.find(({ method }) => method === 'experiments/save-draft');
  expect(saved?.input).toMatchObject({ spec: { modelId: 'm', adapter: { peft_type: 'LORA', r: 16 } } });
});
