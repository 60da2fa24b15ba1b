import { describe, expect, it } from 'vitest';
import type { EncodedExample, Predictor } from '../../engine/predict.ts';
import type { TextInput } from '../../engine/tokenizer/text-tokenizer.ts';
import type { InputRow } from './input-rows.ts';
import { engineTask } from '../../engine/tasks/index.ts';
import { embedRows, predictRows } from './predict-rows.ts';

/** A predictor whose logits are the number of tokens and its negative: enough to see the order. */
function lengthPredictor() {
  const perExample = (examples: readonly EncodedExample[], values: (length: number) => number[]) => {
    return Promise.resolve(Float32Array.from(examples.flatMap((example) => values(example.inputIds.length))));
  };
  const predictor: Predictor = {
    task: engineTask('single_label_classification'),
    labelNames: ['short', 'long'],
    hiddenSize: 3,
    maxLength: 6,
    tokenizer: {
      encode: (inputs: readonly TextInput[]) =>
        Promise.resolve(
          inputs.map(({ text }) => ({
            inputIds: new Int32Array(text.length),
            attentionMask: new Int32Array(text.length),
            truncated: false,
          })),
        ),
      padTokenId: 0,
      padTokenTypeId: 0,
      modelMaxLength: 6,
      hasTokenTypeIds: false,
      vocabSize: 10,
      files: [],
      special: new Set(),
      unknownId: null,
      maskId: null,
      notes: [],
      tokenTexts: () => Promise.resolve([]),
      places: () => Promise.resolve([]),
      encodeWords: () => Promise.reject(new Error('not asked here')),
      count: () => Promise.resolve(),
    },
    logits: (examples) => perExample(examples, (length) => [3 - length, length - 3]),
    embed: (examples) => perExample(examples, (length) => [length, 0.1, 0]),
    close: () => undefined,
  };
  return predictor;
}

// oxlint-disable-next-line typescript/require-await
async function* rowsOf(...rows: Omit<InputRow, 'row' | 'file'>[]): AsyncGenerator<InputRow> {
  for (const [i, row] of rows.entries()) yield { file: 'rows.jsonl', row: i + 1, ...row };
}

async function collect<Item>(batches: AsyncIterable<Item[]>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const batch of batches) items.push(...batch);
  return items;
}

describe('predictRows', () => {
  it('answers in the order of the rows, texts and token ids mixed', async () => {
    const predictor = lengthPredictor();
    const rows = rowsOf(
      { text: 'a' },
      { text: '', tokens: { inputIds: Int32Array.of(1, 2, 3, 4, 5) } },
      { text: 'abcd' },
    );
    const predictions = await collect(predictRows(predictor, rows));
    expect(predictions.map((value) => value.label)).toEqual(['short', 'long', 'long']);
    expect(predictions.map((value) => value.logits)).toEqual([
      [2, -2],
      [-2, 2],
      [-1, 1],
    ]);
    expect(predictions[0]!.score).toBeCloseTo(1 / (1 + Math.exp(-4)), 12);
  });

  it('refuses more token ids than the model can take, naming the row', async () => {
    const predictor = lengthPredictor();
    const origin = { file: 'rows.jsonl', row: 2, line: 3, tokenised: true };
    const tooLong = rowsOf({ text: 'a' }, { text: '', tokens: { inputIds: new Int32Array(7), origin } });
    await expect(collect(predictRows(predictor, tooLong))).rejects.toThrow(
      'Row 2 (line 3) of rows.jsonl has 7 tokens; the model takes 1 to 6.',
    );
  });
});

describe('embedRows', () => {
  it('gives a vector a row', async () => {
    const predictor = lengthPredictor();
    const rows = rowsOf({ text: 'ab' }, { text: 'abc' });
    expect(await collect(embedRows(predictor, rows, { pooling: 'mean', normalize: false }))).toEqual([
      { embedding: [2, 0.1, 0] },
      { embedding: [3, 0.1, 0] },
    ]);
  });
});
