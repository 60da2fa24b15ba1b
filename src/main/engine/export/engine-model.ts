import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openAdaptedModel, checkTokens } from '../predict.ts';
import type { BaseModel, Head } from '../models/base-model.ts';
import { adaptation } from '../peft/adapter.ts';
import { Inference } from '../models/inference.ts';
import { normalizeRows, type VectorForm } from '../models/sentence-folder.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import type { TextInput } from '../tokenizer/text-tokenizer.ts';

/** Small batches: what they hold in between stays well below the weights. */
const BATCH_TOKENS = 512;

export interface EngineModelOptions {
  /** Folders. */
  model: string;
  adapter?: string | undefined;
  /** What the weights are opened as. */
  head: Head;
  /** Vectors of texts instead of logits. */
  vectors: VectorForm | null;
  maxLength: number;
}

/** What answers texts: logits or vectors [texts, width], row-major. `onDone` is told how many texts are answered. */
export interface Answering {
  answer(texts: readonly TextInput[], onDone?: (done: number) => void): Promise<Float32Array>;
  close(): Promise<void>;
}

/**
 * A checkpoint from its folder, answered by our own engine in float32. An adapter is computed beside the base weights,
 * so that a comparison with merged weights proves the merge. Throws `models/…`, `peft/…`, `formats/…`, `files/…`.
 */
export async function openEngineModel(options: EngineModelOptions): Promise<Answering> {
  const { model, vectors, maxLength } = options;
  const { base, adapter } = await openAdaptedModel(model, options.adapter, options.head);
  try {
    const tokenizer = await loadTokenizer(model);
    const inference = await Inference.open(collecting(base), adaptation(base, adapter, false), {
      head: vectors === null ? 'sequence' : 'none',
      precision: 'fp32',
      batchTokens: BATCH_TOKENS,
    });
    return {
      answer: async (texts, onDone) => {
        const encoded = await tokenizer.encode(texts, { maxLength });
        checkTokens(encoded, base);
        if (vectors === null) return inference.logits(encoded, onDone);
        const made = await inference.embeddings(encoded, vectors.pooling, onDone);
        return vectors.normalize ? normalizeRows(made, inference.width) : made;
      },
      close: () => Promise.resolve(inference.close()),
    };
  } finally {
    await base.close();
  }
}

/** The same model; what is read of it is freed as the reading goes on. */
export function collecting(base: BaseModel): BaseModel {
  return {
    ...base,
    read: async (name) => {
      const value = await base.read(name);
      countRead(value.byteLength);
      return value;
    },
  };
}

/** So much may be left over before it is collected. */
const LEFT_OVER_BYTES = 16 * 2 ** 20;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
let since = 0;

/**
 * Says that `bytes` of a weight were just read. Buffers lie outside of V8's heap, which sees little reason to collect
 * them: without this, as much as the whole model waits to be freed.
 */
function countRead(bytes: number): void {
  since += bytes;
  if (since < LEFT_OVER_BYTES) return;
  since = 0;
  collect();
}
