import { describe, expect, it } from 'vitest';
import { fakeBackend, sampleModel } from '../fake-backend.ts';
import { PaletteManager } from './palette-manager.svelte.ts';

const models = ['bert-base-uncased', 'roberta-base', '<b>bert</b>'].map((name, at) => ({
  ...sampleModel,
  id: `m${at}`,
  name,
}));

async function filled() {
  const { rpc } = fakeBackend({ 'models/list': () => ({ models }) });
  const palette = new PaletteManager(rpc);
  await palette.read();
  return palette;
}

describe('the command palette', () => {
  it('without words it shows actions and pages, actions first', async () => {
    const palette = await filled();
    const off = palette.register({ key: 'a', group: 'Actions', label: 'Import data' });
    expect(palette.find('')[0]?.label).toBe('Import data');
    expect(palette.find('').map(({ group }) => group)).not.toContain('Models');
    off();
    expect(palette.find('').some(({ key }) => key === 'a')).toBe(false);
  });
  it('finds things by all the words of their names', async () => {
    const palette = await filled();
    expect(palette.find('BASE bert').map(({ path }) => path)).toEqual(['/models/m0', '/models/m1']);
    expect(palette.find('no such thing')).toEqual([]);
  });
  it('lists that cannot be read leave the rest as it is', async () => {
    const palette = await filled();
    expect(palette.find('roberta').map(({ label }) => label)).toEqual(['roberta-base']);
  });
});
