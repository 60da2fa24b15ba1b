import { copyFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { readExamples } from '../data/examples.ts';
import { writeFileAtomic, writeFolderAtomic } from '../formats/atomic.ts';
import { bytesOf } from '../formats/dtype.ts';
import { readModelConfig } from '../formats/model-config.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import type { JobContext } from '../jobs.ts';
import type { BaseModel } from '../models/base-model.ts';
import { adaptedValue, type Adapter } from '../peft/adapter.ts';
import { openAdaptedModel } from '../predict.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { answerTexts } from './answer-texts.ts';
import { compareLogits, type Comparison } from './compare-logits.ts';

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
 * is a fault and leaves nothing. Throws `models/quantized-merge` for a quantised base.
 */
export async function mergeAdapter(options: MergeOptions, context: JobContext): Promise<MergeReport> {
  const { model, adapter: adapterFolder, output, overwrite } = options;
  const { quantization_config: quantized } = await readModelConfig(model);
  if (quantized != null) throw fault('models/quantized-merge', { folder: model });
  const expected = await answerTexts(options, await textsToCompare(options));
  let comparison: Comparison | undefined;
  await writeFolderAtomic(
    output,
    async (folder) => {
      const { base, adapter } = await openAdaptedModel(model, adapterFolder, 'classification');
      try {
        await writeWeights(path.join(folder, 'model.safetensors'), base, adapter, context);
        await writeFileAtomic(
          path.join(folder, 'config.json'),
          `${JSON.stringify(mergedConfig(base), null, 2)}\n`,
        );
      } finally {
        await base.close();
      }
      for (const file of (await loadTokenizer(model)).files)
        await copyFile(file, path.join(folder, path.basename(file)));
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

export async function writeWeights(
  file: string,
  base: BaseModel,
  adapter: Adapter | undefined,
  context: JobContext,
): Promise<void> {
  const total = base.parameters.length;
  let done = 0;
  const tensors = base.parameters.map(({ name, shape }) => ({
    name,
    dtype: 'F32' as const,
    shape,
    async data() {
      context.signal.throwIfAborted();
      context.onEvent({ type: 'progress', phase: 'merge', done: ++done, total, unit: 'tensors' });
      const value = await adaptedValue(base, adapter, name);
      if (!value.every(Number.isFinite))
        throw fault('models/not-finite', { file: base.folder, tensor: name });
      return bytesOf(value);
    },
  }));
  await writeSafetensors(file, tensors, { format: 'pt' });
}

/** config.json of a full-precision classifier: what the base says of itself, less what no longer holds. */
export function mergedConfig(base: BaseModel): Record<string, unknown> {
  const { _name_or_path, torch_dtype, ...raw } = base.raw;
  return {
    ...raw,
    architectures: [base.tree.type],
    dtype: 'float32',
    problem_type: 'single_label_classification',
  };
}

/** Texts of several lengths and scripts, for a comparison without data. */
export const SENTENCES = [
  'Yes.',
  'The battery lasts two days, and the screen is sharp.',
  'Absolutely LOVED it!!! 10/10 would buy again :-)',
  'Das Essen war köstlich, aber viel zu teuer.',
  'La comida estaba fría y el camarero fue grosero.',
  'Le café était délicieux, l’accueil aussi.',
  '這家餐廳的服務態度非常差。',
  'Free entry! Text WIN to 80082 to claim your prize now.',
  `It works as described. ${'The cable is a little short, the manual says nothing of it. '.repeat(12)}`,
];

async function textsToCompare({ verify }: MergeOptions): Promise<string[]> {
  if (verify === undefined) return SENTENCES;
  return (await readExamples(verify)).examples.map(({ text }) => text);
}
