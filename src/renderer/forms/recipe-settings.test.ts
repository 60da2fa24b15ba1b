import { describe, expect, it } from 'vitest';
import article from '../../../resources/recipes/1-article.json' with { type: 'json' };
import { recipeSchema } from '../../shared/contract/scripts.ts';
import { recipeSettings } from './recipe-settings.ts';

describe('the settings of a recipe', () => {
  it('of the app stand in the words of the form', () => {
    const settings = recipeSettings(recipeSchema.parse(article.recipe));
    expect(settings.map(({ label }) => label)).toEqual(
      expect.arrayContaining(['Model', 'Data set', 'Rank', 'Learning rate', 'Epochs']),
    );
    expect(settings.every(({ line }) => line === null)).toBe(true);
  });

  it('of a script stand with their lines', () => {
    const read = [{ path: 'training.warmup_steps', line: 12, value: '0.1' }];
    expect(recipeSettings(recipeSchema.parse({ ...article.recipe, read }))).toEqual([
      { path: 'training.warmup_steps', label: 'Warm-up', name: 'warmup_steps', value: '0.1', line: 12 },
    ]);
  });
});
