import { bareName, isBehindEncoder } from '../models/architecture.ts';
import { openBaseModel } from '../models/base-model.ts';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import packageJson from '../../../../package.json' with { type: 'json' };
import { fault } from '../../../shared/faults/index.ts';
import { writeSentenceFolder } from '../models/sentence-folder.ts';
import { classifierConfig, encoderConfig, writeConfig } from '../models/written-config.ts';
import { writeAdapter } from '../peft/adapter.ts';
import { writeTokenizer } from '../tokenizer/load-tokenizer.ts';
import { onnxFiles } from './targets.ts';
import { writeOnnx } from './onnx/write-onnx.ts';
import type { TargetKey, WeightPrecision } from './targets.ts';
import type { TrainedModel } from './trained-model.ts';
import { writeSavedModel } from './saved-model/write-saved-model.ts';
import { dtypeOf, writeWeights } from './write-weights.ts';

export interface WriteOptions {
  /** Of merged safetensors. */
  precision: WeightPrecision;
  /** Of int8: one scale a column of a weight, or one for all of it. */
  scales: 'per-channel' | 'per-tensor';
  /** What others call the base. */
  modelName: string;
  signal: AbortSignal;
  /** `share` of the weights are written, 0 to 1. */
  onShare: (share: number) => void;
}

/** Writes the files of one target into an empty folder. Throws `models/not-finite` for a weight that is no number. */
export async function writeTarget(
  target: TargetKey,
  folder: string,
  trained: TrainedModel,
  options: WriteOptions,
): Promise<void> {
  const { base, adapter, model } = trained;
  if (target === 'peft') {
    if (!adapter) throw fault('export/no-adapter', { model });
    await writeAdapter(folder, base, adapter.plan, adapter.values, options.modelName);
    return;
  }
  const told: TrainedModel = { ...trained, merged: telling(trained, options) };
  if (target === 'embedding') await writeEmbedding(folder, told, options.precision);
  else await writeClassifier(target, folder, told, options);
  await writeTokenizer(model, folder, base.config.max_tokens);
}

async function writeClassifier(
  target: Exclude<TargetKey, 'peft' | 'embedding'>,
  folder: string,
  { base, merged, sentence }: TrainedModel,
  options: WriteOptions,
): Promise<void> {
  const precision = target === 'hf' ? options.precision : 'fp32';
  if (target === 'hf') {
    const weights = base.parameters.map(({ name, shape }) => ({ name, from: name, shape }));
    await writeWeights(folder, weights, precision, merged);
    if (sentence) await writeSentenceFolder(folder, sentence, base.config.hidden_size);
  } else if (target === 'savedmodel') await writeSavedModel(folder, base, merged, 'sequence');
  else {
    const { file, precision: kept } = onnxFiles[target];
    await mkdir(path.join(folder, 'onnx'), { recursive: true });
    await writeOnnx(path.join(folder, 'onnx', file), base, merged, {
      head: 'sequence',
      precision: kept,
      scales: options.scales,
      version: packageJson.version,
    });
  }
  await writeConfig(folder, base, { ...classifierConfig(base), dtype: dtypeOf(precision) });
}

/** Writes the merged encoder as transformers' AutoModel reads it, with the files of sentence-transformers beside it. */
async function writeEmbedding(
  folder: string,
  { base, merged, vectors, model }: TrainedModel,
  precision: WeightPrecision,
): Promise<void> {
  const { architecture } = base;
  const adapted = new Map(base.parameters.map(({ name }) => [bareName(architecture, name), name]));
  // A classifier may have no place for a pooler that the encoder's file has.
  const encoder = await openBaseModel(model, { head: 'none' });
  try {
    // What pools hidden states and the checkpoint never had is drawn at random, and no vector comes of it.
    const weights = encoder.parameters
      .filter(({ name }) => !(encoder.newlyInitialized.includes(name) && isBehindEncoder(architecture, name)))
      .map(({ name, shape }) => ({ name, from: name, shape }));
    const read = (name: string): Promise<Float32Array> => {
      const own = adapted.get(name);
      return own === undefined ? encoder.read(name) : merged(own);
    };
    await writeWeights(folder, weights, precision, read);
  } finally {
    await encoder.close();
  }
  await writeConfig(folder, base, { ...encoderConfig(base), dtype: dtypeOf(precision) });
  await writeSentenceFolder(folder, vectors, base.config.hidden_size);
}

/** Reads as `trained` does, tells how far it is, and ends when the work is stopped. */
function telling({ base, merged }: TrainedModel, { signal, onShare }: WriteOptions): TrainedModel['merged'] {
  let read = 0;
  return async (name) => {
    signal.throwIfAborted();
    onShare(Math.min(1, read++ / base.parameters.length));
    return merged(name);
  };
}
