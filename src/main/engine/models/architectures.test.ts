import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { architectures, families, familyNamed } from './architectures.ts';
import { otherFamilies } from './other-families.ts';

it('the README names every architecture, and the layers that LoRA goes to where nothing is said', async () => {
  const readme = await readFile(new URL('../../../../README.md', import.meta.url), 'utf8');
  const rows = readme.split('\n').filter((line) => line.startsWith('|'));
  for (const { title, names } of architectures) {
    const row = rows.find((line) => line.split('|')[1]!.trim().split(', ').includes(title));
    expect(row, title).toBeDefined();
    for (const target of names.attention) expect(row).toContain(`\`${target}\``);
  }
});

it('no model is trained and refused at once, and each that is refused says why and what is nearest', () => {
  const trained = architectures.flatMap(({ modelTypes }) => modelTypes);
  const refused = otherFamilies.flatMap(({ modelTypes }) => modelTypes);
  expect(refused.filter((type) => trained.includes(type))).toEqual([]);
  expect(new Set(refused).size).toBe(refused.length);
  for (const { reason, nearest } of otherFamilies) expect([reason, nearest]).not.toContain('');
});

it.each([
  ['google-bert/bert-base-cased', 'BERT'],
  ['distilbert-base-uncased', 'DistilBERT'],
  ['FacebookAI/xlm-roberta-base', 'XLM-RoBERTa'],
  ['microsoft/deberta-v3-base', 'DeBERTa'],
  ['microsoft/deberta-base', 'DeBERTa (the first version)'],
  ['google/mobilebert-uncased', 'MobileBERT'],
  ['answerdotai/ModernBERT-base', 'ModernBERT'],
  ['allenai/longformer-base-4096', 'Longformer'],
])('%s is by its name %s', (name, title) => {
  expect(families().map((family) => family.title)).toContain(familyNamed(name)!.title);
  expect(familyNamed(name)!.title).toContain(title);
});
