import { expect, it } from 'vitest';
import { mergePatch } from './merge-patch.ts';

it('replaces fields, goes on inside objects, and takes away what is null', () => {
  const spec = { data: { trainSplit: 'train', maxLength: 512 }, training: { seed: 1 }, tags: ['a'] };
  expect(mergePatch(spec, { data: { maxLength: 128, trainSplit: null }, tags: ['b'] })).toEqual({
    data: { maxLength: 128 },
    training: { seed: 1 },
    tags: ['b'],
  });
  expect(spec.data.maxLength).toBe(512);
});

it('makes objects that are missing', () => {
  expect(mergePatch({}, { training: { class_weights: 'balanced' } })).toEqual({
    training: { class_weights: 'balanced' },
  });
});
