import { existsSync } from 'node:fs';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { fault } from '../../../shared/faults/index.ts';
import { openPredictor } from '../predict.ts';
import { loadTensorFlow } from '../runtime/tensorflow.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import type { TextInput, TextTokenizer, TokenIds } from '../tokenizer/text-tokenizer.ts';

/** An export as a program that uses it would load it: from its own folder and nothing else. */
export interface ExportedModel {
  /** Logits of each text or pair [texts, labels], row-major. */
  logits(texts: readonly (string | TextInput)[]): Promise<Float32Array>;
  close(): Promise<void>;
}

const BATCH = 32;
const onnxFiles = ['model.onnx', 'model_fp16.onnx', 'model_quantized.onnx'];

/** Opens an export by what its folder holds. `base`: the folder of the base model, for an adapter. */
export async function openExported(folder: string, maxLength: number, base?: string): Promise<ExportedModel> {
  const onnx = onnxFiles.map((name) => path.join(folder, 'onnx', name)).find((file) => existsSync(file));
  if (onnx !== undefined) return openOnnx(folder, onnx, maxLength);
  if (existsSync(path.join(folder, 'saved_model.pb'))) return openSavedModel(folder, maxLength);
  const isAdapter = existsSync(path.join(folder, 'adapter_config.json'));
  if (isAdapter && base === undefined) throw fault('export/base-needed', { folder });
  const model = isAdapter ? { model: base!, adapter: folder } : { model: folder };
  const predictor = await openPredictor({
    ...model,
    precision: 'fp32',
    head: 'classification',
    folded: false,
  });
  return {
    logits: async (texts) => {
      const encoded = await predictor.tokenizer.encode(texts.map(asInput), { maxLength });
      return predictor.logits(encoded);
    },
    close: () => Promise.resolve(predictor.close()),
  };
}

async function openOnnx(folder: string, file: string, maxLength: number): Promise<ExportedModel> {
  const tokenizer = await loadTokenizer(folder);
  const session = await InferenceSession.create(file);
  return {
    logits: (texts) =>
      inBatches(tokenizer, texts, maxLength, async (feeds, shape) => {
        const inputs = Object.entries(feeds).map(([name, values]) => [
          name,
          new Tensor(
            'int64',
            BigInt64Array.from(values, (value) => BigInt(value)),
            shape,
          ),
        ]);
        const { logits } = await session.run(Object.fromEntries(inputs) as Record<string, Tensor>);
        return logits!.data as Float32Array;
      }),
    close: () => session.release(),
  };
}

async function openSavedModel(folder: string, maxLength: number): Promise<ExportedModel> {
  const tokenizer = await loadTokenizer(folder);
  const tf = loadTensorFlow();
  const model = await tf.node.loadSavedModel(folder, ['serve'], 'serving_default');
  return {
    logits: (texts) =>
      inBatches(tokenizer, texts, maxLength, (feeds, shape) => {
        const inputs = Object.fromEntries(
          Object.entries(feeds).map(([name, values]) => [name, tf.tensor(values, [...shape], 'int32')]),
        );
        const { logits } = model.predict(inputs) as Record<string, ReturnType<typeof tf.tensor>>;
        const values = logits!.dataSync<'float32'>();
        tf.dispose([logits!, ...Object.values(inputs)]);
        return Promise.resolve(values);
      }),
    close: () => Promise.resolve(model.dispose()),
  };
}

const asInput = (text: string | TextInput): TextInput => (typeof text === 'string' ? { text } : text);

type Feeds = Record<'input_ids' | 'attention_mask' | 'token_type_ids', Int32Array>;

/** Batches padded to their longest text, in the order given. */
async function inBatches(
  tokenizer: TextTokenizer,
  texts: readonly (string | TextInput)[],
  maxLength: number,
  run: (feeds: Feeds, shape: readonly [number, number]) => Promise<Float32Array>,
): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (let from = 0; from < texts.length; from += BATCH) {
    const batch = texts.slice(from, from + BATCH).map(asInput);
    const encoded = await tokenizer.encode(batch, { maxLength, padding: 'longest' });
    const length = encoded[0]!.inputIds.length;
    const flat = (pick: (ids: TokenIds) => Int32Array | undefined): Int32Array => {
      const values = new Int32Array(encoded.length * length);
      encoded.forEach((ids, i) => values.set(pick(ids) ?? [], i * length));
      return values;
    };
    const feeds = {
      input_ids: flat(({ inputIds }) => inputIds),
      attention_mask: flat(({ attentionMask }) => attentionMask),
      token_type_ids: flat(({ tokenTypeIds }) => tokenTypeIds),
    };
    parts.push(await run(feeds, [encoded.length, length]));
  }
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
