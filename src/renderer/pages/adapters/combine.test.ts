import { describe, expect, it } from 'vitest';
import { combinationSchema } from '../../../shared/contract/adapters.ts';
import { fakeBackend } from '../../fake-backend.ts';
import { combinationOf, CombineManager, notCombinable, wayNames } from './combine-manager.svelte.ts';
import { adapter } from './test-support.ts';

const [one, two] = [adapter({ id: '1', name: 'one' }), adapter({ id: '2', name: 'two' })];

describe('ways to combine', () => {
  it('reach every combination that PEFT has', () => {
    const reached = wayNames.flatMap((way) => [combinationOf(way, false), combinationOf(way, true)]);
    expect([...new Set(reached)].sort()).toEqual([...combinationSchema.options].sort());
  });

  it.each([
    ['fewer than two', [one], 'Choose two or more.'],
    [
      'different bases',
      [one, { ...two, modelName: 'bert' }],
      'They are on different bases: all-MiniLM-L6-v2 and bert.',
    ],
    [
      'a head alone',
      [one, { ...two, peftType: 'HEAD_ONLY' }],
      'Only LoRA adapters can be combined; two is HEAD_ONLY.',
    ],
    ['files that are gone', [one, { ...two, present: false }], 'The files of two are gone.'],
    ['other labels', [one, { ...two, labels: ['a'] }], 'one and two answer different labels.'],
  ])('%s are refused with the reason', (_, adapters, reason) => {
    expect(notCombinable(adapters)).toBe(reason);
  });

  it('adapters on one base with the same labels fit', () => {
    expect(notCombinable([one, two])).toBeNull();
  });
});

describe('the form that combines', () => {
  const open = (adapters = [one, two]) => {
    const backend = fakeBackend({ 'adapters/merge': () => ({ jobId: 'j' }) });
    return { ...backend, form: new CombineManager(backend.rpc, adapters) };
  };

  it('starts with equal parts and sends only the settings that apply', async () => {
    const { form, asked } = open();
    await form.start();
    expect(form.jobId).toBe('j');
    expect(asked[0]?.input).toEqual({
      name: 'one + two',
      parts: [
        { id: '1', weight: 0.5 },
        { id: '2', weight: 0.5 },
      ],
      combination: 'linear',
    });
  });

  it('sends density, sign and seed for DARE with TIES', async () => {
    const { form, asked } = open();
    form.way = 'dare_ties';
    form.density = 0.7;
    form.majoritySign = 'frequency';
    form.seed = 7;
    form.svd = true;
    await form.start();
    expect(asked[0]?.input).toMatchObject({
      combination: 'dare_ties_svd',
      density: 0.7,
      majoritySign: 'frequency',
      seed: 7,
    });
  });

  it('takes whole changes where the ranks differ, but not side by side', () => {
    const { form } = open([one, { ...two, rank: 32 }]);
    expect(form.svd).toBe(true);
    form.way = 'cat';
    expect(form.svd).toBe(false);
  });

  it('says what is missing and does not start', async () => {
    const { form, asked } = open();
    form.weights[0] = null;
    expect(form.reason).toBe('Each adapter needs a weight.');
    form.weights = [1, -1];
    expect(form.reason).toBe('The weights must not add up to 0.');
    form.weights = [1.5, -0.5];
    expect(form.reason).toBeNull();
    form.way = 'ties';
    form.density = 0;
    expect(form.reason).toBe('The share kept lies above 0 and at most at 1.');
    await form.start();
    expect(asked).toEqual([]);
  });

  it('is open again after a job without a result, and shows a refusal', async () => {
    const { form } = open();
    await form.start();
    form.jobId = null;
    expect(form.jobId).toBeNull();
    const refused = new CombineManager(fakeBackend({}).rpc, [one, two]);
    await refused.start();
    expect(refused.refused?.code).toBe('test/refused');
  });
});
