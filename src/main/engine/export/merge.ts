import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { readExamples } from '../data/examples.ts';
import { writeFileAtomic, writeFolderAtomic } from '../formats/atomic.ts';
import { readModelConfig } from '../formats/model-config.ts';
import type { JobContext } from '../jobs.ts';
import { classifierConfig } from '../models/written-config.ts';
import { readSentenceFolder, writeSentenceFolder } from '../models/sentence-folder.ts';
import { adaptedValue } from '../peft/adapter.ts';
import { openAdaptedModel } from '../predict.ts';
import { writeTokenizer } from '../tokenizer/load-tokenizer.ts';
import { requirePlain } from './card/facts.ts';
import { answerTexts } from './answer-texts.ts';
import { compareLogits, type Comparison } from './compare-logits.ts';
import { FIXED_TEXTS } from './fixed-texts.ts';
import { dtypeOf, writeWeights } from './write-weights.ts';

export interface MergeOptions {
  /** Folders. */
  model: string;
  adapter?: string;
  output: string;
  overwrite: boolean;
  /** A file of texts to compare on; a few sentences of ours without it. */
  verify?: string;
}

export interface MergeReport {
  output: string;
  files: { name: string; bytes: number }[];
  /** Model and adapter against the merged folder, read back from disk. */
  comparison: Comparison;
}

/** Merged and unmerged arithmetic differ in the last bits of float32; beyond this something is wrong. */
const TOLERANCE = 1e-4;

/**
 * `merge_and_unload()` and `save_pretrained()`: full-precision weights, config with labels, tokenizer files, in a folder
 * that `from_pretrained` loads. It gets its name only after it was read back and answers alike; a merge that does not
 * is a fault and leaves nothing. Throws `models/quantized-merge` for a quantised base, `export/name`.
 */
export async function mergeAdapter(options: MergeOptions, context: JobContext): Promise<MergeReport> {
  const { model, adapter: adapterFolder, output, overwrite } = options;
  requirePlain('the folder', path.basename(path.resolve(output)));
  const { quantization_config: quantized } = await readModelConfig(model);
  if (quantized != null) throw fault('models/quantized-merge', { folder: model });
  const expected = await answerTexts(options, await textsToCompare(options));
  let comparison: Comparison | undefined;
  let [width, positions] = [0, 0];
  await writeFolderAtomic(
    output,
    async (folder) => {
      const { base, adapter } = await openAdaptedModel(model, adapterFolder, 'sequence');
      try {
        [width, positions] = [base.config.hidden_size, base.config.max_tokens];
        const total = base.parameters.length;
        let done = 0;
        const weights = base.parameters.map(({ name, shape }) => ({ name, from: name, shape }));
        await writeWeights(folder, weights, 'fp32', async (name) => {
          context.signal.throwIfAborted();
          context.onEvent({ type: 'progress', phase: 'merge', done: ++done, total, unit: 'tensors' });
          const value = await adaptedValue(base, adapter, name);
          if (!value.every(Number.isFinite)) throw fault('models/not-finite', { file: model, tensor: name });
          return value;
        });
        await writeFileAtomic(
          path.join(folder, 'config.json'),
          `${JSON.stringify({ ...classifierConfig(base), dtype: dtypeOf('fp32') }, null, 2)}\n`,
        );
      } finally {
        await base.close();
      }
      const sentence = await readSentenceFolder(model).catch(() => null);
      if (sentence) await writeSentenceFolder(folder, sentence, width);
      await writeTokenizer(model, folder, positions);
      context.signal.throwIfAborted();
      const merged = await answerTexts({ model: folder }, expected.texts);
      comparison = compareLogits(expected.logits, merged.logits, expected.labels);
      if (!(comparison.largest_difference <= TOLERANCE)) {
        throw fault('export/differs', {
          output,
          difference: comparison.largest_difference,
          limit: TOLERANCE,
        });
      }
    },
    { replace: overwrite },
  );
  const names = (await readdir(output)).sort();
  const files = names.map(async (name) => ({ name, bytes: (await stat(path.join(output, name))).size }));
  return { output, files: await Promise.all(files), comparison: comparison! };
}

async function textsToCompare({ verify }: MergeOptions): Promise<string[]> {
  if (verify === undefined) return FIXED_TEXTS;
  return (await readExamples(verify, { textOnly: true })).examples.map(({ text }) => text);
}
