import { expect, it } from 'vitest';
import { exportStep, lineageSteps, methodText } from './lineage-steps.ts';
import { adapterDetail } from '../pages/adapters/test-support.ts';

const line = (detail: ReturnType<typeof adapterDetail>) =>
  lineageSteps(detail).map(({ what, entries }) => `${what}: ${entries.map(({ name }) => name).join(', ')}`);

it('a trained adapter comes from a version of the data and an experiment', () => {
  expect(line(adapterDetail())).toEqual([
    'Data set: reviews v3',
    'Experiment: stars',
    'Adapter: stars, LoRA r=16',
  ]);
});

it('a combined adapter comes from its parts, with their weights', () => {
  const parts = [
    { id: '1', name: 'one', weight: 0.7 },
    { id: '2', name: 'two', weight: 0.3 },
  ];
  const detail = adapterDetail({ origin: 'merged' }, { data: null, experiment: null, parts });
  expect(line(detail)).toEqual(['Combined from: one, two', 'Adapter: stars, LoRA r=16']);
  expect(lineageSteps(detail)[0]?.entries[0]).toEqual({
    name: 'one',
    note: 'weight 0.7',
    path: '/adapters/1',
  });
});

it('an imported adapter says so', () => {
  const detail = adapterDetail({ origin: 'imported' }, { data: null, experiment: null });
  expect(line(detail)).toEqual(['Imported: PEFT folder', 'Adapter: stars, LoRA r=16']);
});

it('exports stand at the end, each with its proof', () => {
  const made = { name: 'x', createdAt: Date.now() };
  const exports = [
    { id: '1', ...made, passed: true },
    { id: '2', ...made, passed: false },
    { id: '3', ...made, passed: null },
  ];
  const step = exportStep(adapterDetail({}, { exports }).lineage);
  expect(step.entries.map(({ note }) => note)).toEqual([
    'proved · just now',
    'proof failed · just now',
    'just now',
  ]);
});

it('a method without a rank is named alone', () => {
  expect(methodText({ peftType: 'LORA', rank: 16 })).toBe('LoRA r=16');
  expect(methodText({ peftType: 'HEAD_ONLY', rank: null })).toBe('Head only');
});
