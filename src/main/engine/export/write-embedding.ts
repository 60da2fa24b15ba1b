import path from 'node:path';
import { writeFileAtomic } from '../formats/atomic.ts';
import { writeSentenceFolder } from '../models/sentence-folder.ts';
import type { WeightPrecision } from './targets.ts';
import type { TrainedModel } from './trained-model.ts';
import { encoderConfig } from '../models/written-config.ts';
import { dtypeOf, writeWeights } from './write-weights.ts';

/** Writes the merged encoder as transformers' AutoModel reads it, with the files of sentence-transformers beside it. */
export async function writeEmbedding(
  folder: string,
  { base, merged, vectors }: TrainedModel,
  precision: WeightPrecision,
): Promise<void> {
  const weights = base.parameters
    .filter(({ name }) => !name.startsWith('classifier.') && !isUntrainedPooler(name, base.newlyInitialized))
    .map(({ name, shape }) => ({ name: name.replace(/^bert\./, ''), from: name, shape }));
  await writeWeights(folder, weights, precision, merged);
  const config = { ...encoderConfig(base), dtype: dtypeOf(precision) };
  await writeFileAtomic(path.join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  await writeSentenceFolder(folder, vectors, base.config.hidden_size);
}

/** A pooler that the checkpoint never had is drawn at random, and no vector comes of it. */
const isUntrainedPooler = (name: string, drawn: readonly string[]): boolean =>
  /(^|\.)pooler\./.test(name) && drawn.includes(name);
