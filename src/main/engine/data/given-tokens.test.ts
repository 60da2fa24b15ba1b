import { afterAll, describe, expect, it } from 'vitest';
import { goldenBert } from '../models/test-support.ts';
import { openPredictor } from '../predict.ts';
import { encodeExamples } from '../training/prepare-data.ts';
import { lossesOf, run } from '../training/test-support.ts';
import { readExamples } from './examples.ts';
import { faultOf, TestFolder } from './test-support.ts';

const folder = new TestFolder();
afterAll(() => folder.remove());

/** Rows of one batch as a data collator pads them: right, left, inside, not at all; the last with types alone at 1. */
const rows = [
  { ids: [2, 17, 93, 250, 3, 0, 0, 0], mask: [1, 1, 1, 1, 1, 0, 0, 0], types: [0, 0, 0, 1, 1, 0, 0, 0] },
  { ids: [0, 0, 0, 2, 17, 93, 250, 3], mask: [0, 0, 0, 1, 1, 1, 1, 1], types: [0, 0, 0, 0, 0, 0, 1, 1] },
  { ids: [2, 17, 93, 250, 41, 7, 3, 0], mask: [1, 1, 0, 1, 0, 1, 1, 0], types: [0, 0, 0, 1, 1, 1, 1, 0] },
  { ids: [2, 17, 93, 250, 41, 7, 3, 9], mask: [1, 1, 1, 1, 1, 1, 1, 1], types: [0, 0, 0, 0, 0, 0, 0, 0] },
  { ids: [2, 300, 301, 3, 0, 0, 0, 0], mask: [1, 1, 1, 1, 0, 0, 0, 0], types: [1, 1, 1, 0, 0, 0, 0, 0] },
];
const labels = ['1 star', '2 stars', '3 stars', '4 stars', '5 stars'];

/** What transformers 5.17 gives for that batch: logits, mean loss with these labels, and the vectors' first values. */
const reference = {
  logits: [
    [2.449042, -0.522355, -0.468122, -0.744072, 1.325244],
    [2.239391, -1.627072, -0.364828, -0.224681, 0.990162],
    [2.174356, -1.349384, -0.573515, -1.277602, 0.62593],
    [-0.169999, -0.044883, -0.699066, 2.695303, 1.395951],
    [2.359142, -1.300801, -0.08059, -0.803747, 1.426587],
  ],
  loss: 1.880152,
  mean: [
    [-0.010818, 0.811157, 0.817477, -0.177483],
    [-0.434003, 0.904008, 0.142995, 0.205727],
    [-0.513663, 1.444625, 0.873205, -0.864247],
    [0.331782, -0.453258, -0.077391, 1.081662],
    [-0.676471, 1.570725, 0.555435, 0.20012],
  ],
  cls: [
    [-0.392322, 0.978089, 1.175958, -0.307917],
    [-0.259401, 0.904464, 0.439823, 0.307063],
    [-0.625817, 1.340688, 0.883256, -0.736703],
    [0.53082, -0.278588, 0.077289, 1.267417],
    [-0.660003, 1.372702, 0.20584, 0.277166],
  ],
};

const jsonLines = rows
  .map(({ ids, mask, types }, i) =>
    JSON.stringify({ input_ids: ids, attention_mask: mask, token_type_ids: types, label: labels[i] }),
  )
  .join('\n');

async function encoded() {
  const predictor = { model: goldenBert(), precision: 'fp32' } as const;
  const { examples } = await readExamples(await folder.write('rows.jsonl', jsonLines));
  const classifier = await openPredictor({ ...predictor, head: 'sequence' });
  const { texts, truncated } = await encodeExamples(examples, classifier.tokenizer, 60, 'longest');
  return { predictor, classifier, texts, truncated };
}

function expectClose(found: ArrayLike<number>, expected: readonly number[], tolerance = 1e-4): void {
  expect(found.length).toBe(expected.length);
  expect(expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0)).toBeLessThan(
    tolerance,
  );
}

describe('rows that come tokenised and padded', () => {
  it('are answered and embedded as transformers does with their mask and types', async () => {
    const { predictor, classifier, texts, truncated } = await encoded();
    expectClose(await classifier.logits(texts), reference.logits.flat());
    classifier.close();
    expect(truncated).toBe(0);
    expect(texts.map(({ inputIds }) => inputIds.length)).toEqual([5, 8, 7, 8, 4]);
    const encoder = await openPredictor({ ...predictor, head: 'none' });
    for (const pooling of ['mean', 'cls'] as const) {
      const vectors = await encoder.embed(texts, pooling);
      const beginnings = texts.flatMap((_, i) => [...vectors.subarray(i * 32, i * 32 + 4)]);
      expectClose(beginnings, reference[pooling].flat());
    }
    encoder.close();
  });

  it.each(['auto', 'seq', 'grid'])('are trained with their mask (attention %s)', async (attention) => {
    const file = await folder.write('train.jsonl', jsonLines);
    const project = file.slice(0, -'train.jsonl'.length);
    await run(project, {
      config: { model_overrides: { hidden_dropout_prob: 0, attention_probs_dropout_prob: 0 } },
      adapter: { peft_type: 'LORA', task_type: 'SEQ_CLS', r: 4, target_modules: ['query', 'value'] },
      data: { train: 'train.jsonl', eval: null },
      training: {
        attention,
        per_device_train_batch_size: 5,
        num_train_epochs: 1,
        logging_steps: 1,
      },
      output: attention,
    });
    expectClose([(await lossesOf(project, attention))[0]!], [reference.loss], 1e-4);
  });

  it('are cut to the limit after their padding is gone', async () => {
    const { classifier, texts } = await encoded();
    const { examples } = await readExamples(await folder.write('rows.jsonl', jsonLines));
    const cut = await encodeExamples(examples, classifier.tokenizer, 5, 'longest');
    const tooShort = await faultOf(encodeExamples(examples, classifier.tokenizer, 3, 'longest'));
    classifier.close();
    expect(tooShort.message).toBe(
      'Row 2 (line 2) of rows.jsonl: attention_mask is 0 for the first 3 tokens, to which the row is cut.',
    );
    expect(cut.truncated).toBe(3);
    expect(cut.texts[0]).toEqual(texts[0]);
    expect(Array.from(cut.texts[1]!.attentionMask!)).toEqual([0, 0, 0, 1, 1]);
  });

  it('may stand as JSON in the cells of a CSV file', async () => {
    const file = await folder.write('cells.csv', 'input_ids,attention_mask\n"[2, 9, 0]","[1, 1, 0]"\n');
    const { examples } = await readExamples(file);
    expect(Array.from(examples[0]!.tokens!.inputIds)).toEqual([2, 9]);
    expect(examples[0]!.tokens).not.toHaveProperty('attentionMask');
  });

  it.each([
    ['{"input_ids":[2,3],"attention_mask":[1]}', 'attention_mask has 1 numbers, input_ids has 2.'],
    [
      '{"input_ids":[2,3],"attention_mask":[1,2]}',
      'attention_mask holds 2; it takes 1 for a token and 0 for padding.',
    ],
    [
      '{"input_ids":[2,3],"attention_mask":[1,-1]}',
      'attention_mask is not a list of whole numbers, 0 or more.',
    ],
    [
      '{"input_ids":[2,3],"attention_mask":[0,0]}',
      'attention_mask is 0 everywhere, so the row has no token.',
    ],
    ['{"input_ids":[2,3],"token_type_ids":[0,0,0]}', 'token_type_ids has 3 numbers, input_ids has 2.'],
    ['{"input_ids":[2,-100]}', 'input_ids is not a list of whole numbers, 0 or more.'],
    ['{"input_ids":[]}', 'input_ids is empty.'],
    ['{"input_ids":"[CLS] good"}', 'input_ids is not a list of whole numbers, 0 or more.'],
  ])('are refused where a mask or an id makes no sense: %s', async (line, message) => {
    const file = await folder.write('bad.jsonl', `{"input_ids":[1]}\n\n${line}\n`);
    const fault = await faultOf(readExamples(file));
    expect(fault.message).toBe(`Row 2 (line 3) of bad.jsonl: ${message}`);
  });
});
