import { existsSync } from 'node:fs';
import path from 'node:path';
import { Fault, fault } from '../../../shared/faults/index.ts';
import { readModelConfig } from '../formats/model-config.ts';
import { longestText, type BaseModel, type Head } from '../models/base-model.ts';
import type { Pooling } from '../models/inference.ts';
import { readSentenceFolder, type SentenceFolder } from '../models/sentence-folder.ts';
import { adaptedValue, type Adapter } from '../peft/adapter.ts';
import { openAdaptedModel } from '../predict.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.ts';
import { collecting } from './engine-model.ts';
import { targets, type TargetKey } from './targets.ts';

/** What is exported: a base with an adapter or without, its weights read from disk when they are asked for. */
export interface TrainedModel {
  /** Folders. */
  model: string;
  adapterFolder: string | undefined;
  head: Head;
  base: BaseModel;
  adapter: Adapter | undefined;
  tokenizer: TextTokenizer;
  /** Texts are cut to this many tokens. */
  maxLength: number;
  /** How vectors of texts are made, and after how many tokens texts are cut then. */
  vectors: SentenceFolder & { maxLength: number };
  /** What the base's folder says of that, for those who load the merged model for vectors; null: nothing. */
  sentence: SentenceFolder | null;
  /** Why a target cannot be made of it; null: it can. */
  refusal(target: TargetKey): Fault | null;
  /** A parameter of the merged model by its engine name. Throws `models/not-finite`. */
  merged: (name: string) => Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * Opens a classifier, or else a bare encoder, of which vectors are all that can be exported. Throws
 * `models/quantized-merge` for a quantised base, `models/…`, `peft/…`, `formats/…`, `files/…`.
 */
export async function openTrainedModel(options: {
  model: string;
  adapter?: string | undefined;
  maxLength?: number | undefined;
  /** null: as the base's modules.json says, else the mean. */
  pooling?: Pooling | null;
}): Promise<TrainedModel> {
  const { model, adapter: adapterFolder, maxLength } = options;
  const { quantization_config: quantized } = await readModelConfig(model);
  if (quantized != null) throw fault('models/quantized-merge', { folder: model });
  const { base, adapter, head, headless } = await openEither(model, adapterFolder);
  const read = collecting(base);
  try {
    if (adapterFolder !== undefined) await requireLabels(adapterFolder, base);
    const tokenizer = await loadTokenizer(model);
    const limit = longestText(base, tokenizer, maxLength);
    const { sentence, unknown } = await sentenceOf(model);
    return {
      model,
      adapterFolder,
      head,
      base: read,
      adapter,
      tokenizer,
      maxLength: limit,
      sentence,
      vectors: {
        ...plain,
        ...sentence,
        pooling: options.pooling ?? sentence?.pooling ?? 'mean',
        maxLength: maxLength === undefined ? Math.min(limit, sentence?.maxLength ?? limit) : limit,
      },
      refusal(target) {
        if (headless && !targets[target].vectors) return headless;
        if (targets[target].vectors && unknown) return unknown;
        return target === 'peft' && !adapter ? fault('export/no-adapter', { model }) : null;
      },
      async merged(name) {
        const value = await adaptedValue(read, adapter, name);
        if (!value.every(Number.isFinite)) throw fault('models/not-finite', { file: model, tensor: name });
        return value;
      },
      close: () => base.close(),
    };
  } catch (error) {
    await base.close();
    throw error;
  }
}

const plain = { normalize: false, prompts: {}, defaultPrompt: null, similarity: null };

/** What the base's modules.json says, or why its vectors cannot be made. */
async function sentenceOf(
  model: string,
): Promise<{ sentence: SentenceFolder | null; unknown: Fault | null }> {
  try {
    return { sentence: await readSentenceFolder(model), unknown: null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { sentence: null, unknown: error };
  }
}

/** Refuses an adapter whose config.json names other labels than its head has. */
async function requireLabels(adapter: string, { labelNames }: BaseModel): Promise<void> {
  const source = path.join(adapter, 'config.json');
  if (!existsSync(source)) return;
  const { num_labels: named } = await readModelConfig(adapter);
  const file = path.join(adapter, 'adapter_model.safetensors');
  if (named !== labelNames.length)
    throw fault('adapters/label-count', { file, found: labelNames.length, source, expected: named });
}

interface Opened {
  base: BaseModel;
  adapter: Adapter | undefined;
  head: Head;
  /** What keeps it from giving logits. */
  headless: Fault | null;
}

/** A model without a head is still an encoder; an adapter that fits neither is told as a classifier's. */
async function openEither(model: string, adapterFolder: string | undefined): Promise<Opened> {
  try {
    const opened = await openAdaptedModel(model, adapterFolder, 'sequence');
    return { ...opened, head: 'sequence', headless: null };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const opened = await openAdaptedModel(model, adapterFolder, 'none').catch(() => null);
    if (opened === null) throw error;
    return { ...opened, head: 'none', headless: error };
  }
}
