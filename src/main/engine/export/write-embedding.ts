import path from 'node:path';
import { writeFileAtomic } from '../formats/atomic.ts';
import { bareName, isBehindEncoder, isUnder } from '../models/architecture.ts';
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
  const { architecture, newlyInitialized } = base;
  // What pools hidden states and the checkpoint never had is drawn at random, and no vector comes of it.
  const weights = base.parameters
    .filter(({ name }) => !isUnder(architecture.names.head, name))
    .filter(({ name }) => !(newlyInitialized.includes(name) && isBehindEncoder(architecture, name)))
    .map(({ name, shape }) => ({ name: bareName(architecture, name), from: name, shape }));
  await writeWeights(folder, weights, precision, merged);
  const config = { ...encoderConfig(base), dtype: dtypeOf(precision) };
  await writeFileAtomic(path.join(folder, 'config.json'), `${JSON.stringify(config, null, 2)}\n`);
  await writeSentenceFolder(folder, vectors, base.config.hidden_size);
}
