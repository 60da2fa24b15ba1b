import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenBert } from '../models/test-support.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { singleLabel } from '../tasks/single-label.ts';
import { encodeExamples, prepareData, type PreparedData } from './prepare-data.ts';
import { csv, project, trainConfig } from './test-support.ts';

const prepare = (folder: string, data: Record<string, unknown>): Promise<PreparedData<number>> =>
  prepareData(singleLabel, trainConfig({ data: { train: 'train.csv', ...data } }), folder, null);

describe('the rows of a config', () => {
  it('are those of its files, in their order, with the ids of their labels', async () => {
    const folder = await project();
    const { train, eval: evaluation, names } = await prepare(folder, { eval: 'eval.csv' });
    expect(names).toEqual(['ham', 'spam']);
    expect(train.targets).toEqual(Array.from({ length: 22 }, (_, i) => i % 2));
    expect(evaluation!.targets).toEqual(Array.from({ length: 9 }, (_, i) => (i + 1) % 2));
    expect(train.examples.map(({ row }) => row)).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
    expect(train.file).toBe(path.join(folder, 'train.csv'));
  });

  it('may be selected as datasets does: shuffled by a seed, the first so many', async () => {
    const { train } = await prepare(await project(), { train_select: { shuffle_seed: 42, count: 5 } });
    // numpy.random.default_rng(42).permutation(22)[:5], counted from 1.
    expect(train.examples.map(({ row }) => row)).toEqual(PERMUTATION);
    expect(train.targets).toEqual(PERMUTATION.map((row) => (row - 1) % 2));
  });

  it('may be split, the same share of every class and every row once', async () => {
    const folder = await project({ 'train.csv': csv(40) });
    const { train, eval: evaluation } = await prepare(folder, { split: { test_size: 0.25, seed: 1 } });
    expect([train.targets.length, evaluation!.targets.length]).toEqual([30, 10]);
    expect(evaluation!.targets.filter((label) => label === 0)).toHaveLength(5);
    const all = [...train.examples, ...evaluation!.examples].map(({ row }) => row).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const again = await prepare(folder, { split: { test_size: 0.25, seed: 1 } });
    expect(again.eval!.targets).toEqual(evaluation!.targets);
  });

  it('are evaluated not at all where no rows are named', async () => {
    expect((await prepare(await project(), {})).eval).toBeNull();
  });
});

describe('the label column of a config', () => {
  const rows = (labels: readonly unknown[]) =>
    `text,label\n${labels.map((label, i) => `text ${i},"${String(label).replaceAll('"', '""')}"\n`).join('')}`;

  it('is taken as it is, with a note of what would be made of it', async () => {
    const labels = [0, '0.0', 1, '1.0', 0, '0.0', 1, '1.0', 'nan'];
    const folder = await project({ 'train.csv': rows(labels) });
    const { names: found, notes } = await prepare(folder, {});
    expect(found).toHaveLength(5);
    expect(notes.join('\n')).toContain('Read as labels: "0.0" → "0"; "1.0" → "1".');
    expect(notes.join('\n')).toContain('--label-map proposed');
    const map = { '0.0': '0', '1.0': '1', nan: null };
    const folded = await prepare(folder, { label_map: map });
    expect(folded.names).toEqual(['0', '1']);
    expect(folded.train.targets).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
    expect(folded.notes).toEqual(['One row of train.csv without a label is left out: 9.']);
  });

  it.each([
    ['a quantity', [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8]],
    ['another value in each of 9 rows', Array.from({ length: 9 }, (_, i) => `id${i}`)],
    ['hold several labels', Array.from({ length: 6 }, (_, i) => (i % 2 ? '["a","b"]' : '["a"]'))],
    ['inside JSON', Array.from({ length: 6 }, (_, i) => `{"choices":["${'ab'[i % 2]}"]}`)],
  ])('is refused where it holds %s', async (words, labels) => {
    const folder = await project({ 'train.csv': rows(labels) });
    await expect(prepare(folder, {})).rejects.toThrow(words);
  });

  it('of the evaluation rows may be written otherwise than that of the training rows', async () => {
    const folder = await project({
      'train.csv': rows(['ham', 'spam', 'ham', 'spam']),
      'eval.csv': rows([1, 0, '1.0']),
    });
    const { eval: evaluated, notes } = await prepare(folder, { eval: 'eval.csv' });
    expect(evaluated!.targets).toEqual([1, 0, 1]);
    expect(notes.at(-1)).toContain('0 = ham');
  });
});

const PERMUTATION = [18, 11, 17, 22, 13];

describe('tokenised rows', () => {
  it('have a mask only where they are padded', async () => {
    const tokenizer = await loadTokenizer(goldenBert());
    const examples = [{ file: 'a.csv', row: 1, text: 'good food' }];
    const { texts } = await encodeExamples(examples, tokenizer, 12, 'longest');
    const { texts: full } = await encodeExamples(examples, tokenizer, 12, 'max_length');
    expect(texts[0]).not.toHaveProperty('attentionMask');
    expect(full[0]!.inputIds).toHaveLength(12);
    const length = texts[0]!.inputIds.length;
    expect(full[0]!.inputIds.slice(0, length)).toEqual(texts[0]!.inputIds);
    expect(Array.from(full[0]!.attentionMask!)).toEqual(
      Array.from({ length: 12 }, (_, i) => (i < length ? 1 : 0)),
    );
  });

  it('that came with their ids are taken as they are, and only cut', async () => {
    const folder = await project();
    await writeFile(
      path.join(folder, 'ids.jsonl'),
      '{"input_ids": [3, 4, 5, 6], "label": 0}\n{"input_ids": [7], "label": 1}\n',
    );
    const { train } = await prepare(folder, { train: 'ids.jsonl' });
    const { texts, truncated } = await encodeExamples(
      train.examples,
      await loadTokenizer(goldenBert()),
      3,
      'longest',
    );
    expect(texts.map(({ inputIds }) => Array.from(inputIds))).toEqual([[3, 4, 5], [7]]);
    expect(truncated).toBe(1);
  });

  it('of pairs have two token types', async () => {
    const tokenizer = await loadTokenizer(goldenBert());
    const { texts } = await encodeExamples(
      [{ file: 'a.csv', row: 1, text: 'good', textPair: 'bad' }],
      tokenizer,
      60,
      'longest',
    );
    expect(new Set(texts[0]!.tokenTypeIds)).toEqual(new Set([0, 1]));
  });
});
