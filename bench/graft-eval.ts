/** Times Graft's evaluation of the reviews' test rows, as bench/reference/eval.py does PyTorch's. One JSON line. */
import path from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { readExamples } from '../src/main/engine/data/examples.ts';
import { buildLabelMap } from '../src/main/engine/data/labels.ts';
import { selectRows } from '../src/main/engine/data/selection.ts';
import { argmax } from '../src/shared/statistics/probabilities.ts';
import { openBaseModel } from '../src/main/engine/models/base-model.ts';
import { Inference, lengthBatches } from '../src/main/engine/models/inference.ts';
import { loadTokenizer } from '../src/main/engine/tokenizer/load-tokenizer.ts';
import { encodeExamples } from '../src/main/engine/training/prepare-data.ts';
import { loadTensorFlow } from '../src/main/engine/runtime/tensorflow.ts';
import { precisions } from '../src/shared/settings/training.ts';

const optionsSchema = z.object({
  model: z.string(),
  data: z.string(),
  rows: z.coerce.number().int().positive().default(1000),
  passes: z.coerce.number().int().positive().default(2),
  precision: z.enum(precisions).default('fp32'),
});
type Options = z.infer<typeof optionsSchema>;

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { model: text, data: text, rows: text, passes: text, precision: text },
});
const { seconds, accuracy } = await evaluate(optionsSchema.parse(values));
const peak_memory_mb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ seconds, peak_memory_mb, accuracy }));

/**
 * Seconds of the fastest of `passes` over the rows that `shuffle(seed=42).select(range(rows))` picks of
 * electronics-reviews-test.csv, cut at 512 tokens, tokenised before, sorted by length, at most 4,096 tokens a
 * batch, after one unmeasured pass over the last (longest) batch. The head is fresh: accuracy is that of guessing.
 */
async function evaluate(options: Options): Promise<{ seconds: number; accuracy: number }> {
  const { model, data, rows, passes, precision } = options;
  loadTensorFlow(precision);
  const { examples } = await readExamples(path.join(data, 'electronics-reviews-test.csv'), {
    textColumn: 'text',
    labelColumn: 'stars',
  });
  const chosen = Array.from(
    selectRows(examples.length, { shuffle_seed: 42, count: rows }),
    (row) => examples[row]!,
  );
  const labels = buildLabelMap(examples.map(({ label }) => label!));
  const { texts } = await encodeExamples(chosen, await loadTokenizer(model), 512, 'longest');
  const base = await openBaseModel(model, { head: 'sequence', labelNames: labels.names });
  const inference = await Inference.open(base, undefined, { head: 'sequence', precision });
  await base.close();
  const longest = lengthBatches(texts, 4096, Infinity)
    .at(-1)!
    .map((i) => texts[i]!);
  await inference.logits(longest);
  let seconds = Infinity;
  let logits: Float32Array = new Float32Array();
  for (let pass = 0; pass < passes; pass++) {
    const start = performance.now();
    logits = await inference.logits(texts);
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
  }
  inference.close();
  const answers = argmax(logits, labels.names.length);
  const right = chosen.filter(({ label }, i) => labels.idOf(label!) === answers[i]).length;
  return { seconds, accuracy: right / chosen.length };
}
