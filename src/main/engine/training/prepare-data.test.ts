import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { goldenBert } from '../models/test-support.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { encodeExamples, prepareData, type PreparedData } from './prepare-data.ts';
import { csv, project, trainConfig } from './test-support.ts';

const prepare = (folder: string, data: Record<string, unknown>): Promise<PreparedData> =>
  prepareData(trainConfig({ data: { train: 'train.csv', ...data } }), folder, null);

describe('the rows of a config', () => {
  it('are those of its files, in their order, with the ids of their labels', async () => {
    const folder = await project();
    const { train, eval: evaluation, labels } = await prepare(folder, { eval: 'eval.csv' });
    expect(labels.names).toEqual(['ham', 'spam']);
    expect(train.labels).toEqual(Array.from({ length: 22 }, (_, i) => i % 2));
    expect(evaluation!.labels).toEqual(Array.from({ length: 9 }, (_, i) => (i + 1) % 2));
    expect(train.examples.map(({ row }) => row)).toEqual(Array.from({ length: 22 }, (_, i) => i + 1));
    expect(train.file).toBe(path.join(folder, 'train.csv'));
  });

  it('may be selected as datasets does: shuffled by a seed, the first so many', async () => {
    const { train } = await prepare(await project(), { train_select: { shuffle_seed: 42, count: 5 } });
    // numpy.random.default_rng(42).permutation(22)[:5], counted from 1.
    expect(train.examples.map(({ row }) => row)).toEqual(PERMUTATION);
    expect(train.labels).toEqual(PERMUTATION.map((row) => (row - 1) % 2));
  });

  it('may be split, the same share of every class and every row once', async () => {
    const folder = await project({ 'train.csv': csv(40) });
    const { train, eval: evaluation } = await prepare(folder, { split: { test_size: 0.25, seed: 1 } });
    expect([train.labels.length, evaluation!.labels.length]).toEqual([30, 10]);
    expect(evaluation!.labels.filter((label) => label === 0)).toHaveLength(5);
    const all = [...train.examples, ...evaluation!.examples].map(({ row }) => row).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
    const again = await prepare(folder, { split: { test_size: 0.25, seed: 1 } });
    expect(again.eval!.labels).toEqual(evaluation!.labels);
  });

  it('are evaluated not at all where no rows are named', async () => {
    expect((await prepare(await project(), {})).eval).toBeNull();
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
