import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../formats/atomic.ts';
import type { Pooling } from '../models/inference.ts';
import type { WeightPrecision } from './targets.ts';
import type { TrainedModel } from './trained-model.ts';
import { encoderConfig } from '../models/written-config.ts';
import { dtypeOf, writeWeights } from './write-weights.ts';

/**
 * Writes the merged encoder in the layout of sentence-transformers 3 to 5: modules.json, 1_Pooling/config.json,
 * sentence_bert_config.json, config_sentence_transformers.json, and the encoder as transformers' AutoModel reads it.
 */
export async function writeEmbedding(
  folder: string,
  { base, merged, maxLength }: TrainedModel,
  precision: WeightPrecision,
  pooling: Pooling,
): Promise<void> {
  const weights = base.parameters
    .filter(({ name }) => !name.startsWith('classifier.') && !isUntrainedPooler(name, base.newlyInitialized))
    .map(({ name, shape }) => ({ name: name.replace(/^bert\./, ''), from: name, shape }));
  await writeWeights(folder, weights, precision, merged);
  const write = async (name: string, value: unknown): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFileAtomic(path.join(folder, name), `${JSON.stringify(value, null, 2)}\n`);
  };
  await write('config.json', { ...encoderConfig(base), dtype: dtypeOf(precision) });
  await write('modules.json', [
    { idx: 0, name: '0', path: '', type: 'sentence_transformers.models.Transformer' },
    { idx: 1, name: '1', path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
  ]);
  await write('1_Pooling/config.json', {
    word_embedding_dimension: base.config.hidden_size,
    pooling_mode_cls_token: pooling === 'cls',
    pooling_mode_mean_tokens: pooling === 'mean',
    pooling_mode_max_tokens: false,
    pooling_mode_mean_sqrt_len_tokens: false,
    pooling_mode_weightedmean_tokens: false,
    pooling_mode_lasttoken: false,
    include_prompt: true,
  });
  await write('sentence_bert_config.json', { max_seq_length: maxLength, do_lower_case: false });
  await write('config_sentence_transformers.json', {
    prompts: {},
    default_prompt_name: null,
    similarity_fn_name: 'cosine',
  });
}

/** A pooler that the checkpoint never had is drawn at random, and no vector comes of it. */
const isUntrainedPooler = (name: string, drawn: readonly string[]): boolean =>
  /(^|\.)pooler\./.test(name) && drawn.includes(name);
