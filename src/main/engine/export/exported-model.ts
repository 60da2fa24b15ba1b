import { existsSync } from 'node:fs';
import path from 'node:path';
import type { InferenceSession, Tensor } from 'onnxruntime-node';
import { fault } from '../../../shared/faults/index.ts';
import { readModelConfig } from '../formats/model-config.ts';
import type { InputName } from '../models/architecture.ts';
import { feedOf } from '../models/architectures.ts';
import { loadTensorFlow } from '../runtime/tensorflow.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import type { TextInput, TextTokenizer } from '../tokenizer/text-tokenizer.ts';
import { openEngineModel } from './engine-model.ts';
import { onnxFiles } from './targets.ts';

/** An export as a program that uses it would load it: from its own folder and nothing else. */
export interface ExportedModel {
  /** Logits of each text or pair [texts, labels], row-major. `onDone` is told how many are answered. */
  logits(texts: readonly (string | TextInput)[], onDone?: (done: number) => void): Promise<Float32Array>;
  close(): Promise<void>;
}

const BATCH = 32;

/** Opens an export by what its folder holds. `base`: the folder of the base model, for an adapter. */
export async function openExported(folder: string, maxLength: number, base?: string): Promise<ExportedModel> {
  const names = Object.values(onnxFiles).map(({ file }) => file);
  const onnx = names.map((name) => path.join(folder, 'onnx', name)).find((file) => existsSync(file));
  if (onnx !== undefined) return openOnnx(folder, onnx, maxLength);
  if (existsSync(path.join(folder, 'saved_model.pb'))) return openSavedModel(folder, maxLength);
  const isAdapter = existsSync(path.join(folder, 'adapter_config.json'));
  if (isAdapter && base === undefined) throw fault('export/base-needed', { folder, named: null });
  const model = isAdapter ? { model: base!, adapter: folder } : { model: folder };
  const engine = await openEngineModel({ ...model, head: 'sequence', vectors: null, maxLength });
  return {
    logits: (texts, onDone) => engine.answer(texts.map(asInput), onDone),
    close: () => engine.close(),
  };
}

async function openOnnx(folder: string, file: string, maxLength: number): Promise<ExportedModel> {
  // Other exports are loaded without its library.
  const onnx = await import('onnxruntime-node');
  const tokenizer = await loadTokenizer(folder);
  const session = await onnx.InferenceSession.create(file);
  const inputs = await inputsOf(folder);
  requireNames(file, inputs, session);
  return {
    logits: (texts, onDone) =>
      inBatches({ tokenizer, inputs, maxLength, onDone }, texts, async (feeds, shape) => {
        const tensors = feeds.map(([name, values]) => [
          name,
          new onnx.Tensor(
            'int64',
            BigInt64Array.from(values, (value) => BigInt(value)),
            shape,
          ),
        ]);
        const { logits } = await session.run(Object.fromEntries(tensors) as Record<string, Tensor>);
        return logits!.data as Float32Array;
      }),
    close: () => session.release(),
  };
}

async function openSavedModel(folder: string, maxLength: number): Promise<ExportedModel> {
  const tokenizer = await loadTokenizer(folder);
  const inputs = await inputsOf(folder);
  const tf = loadTensorFlow();
  const model = await tf.node.loadSavedModel(folder, ['serve'], 'serving_default');
  return {
    logits: (texts, onDone) =>
      inBatches({ tokenizer, inputs, maxLength, onDone }, texts, (feeds, shape) => {
        const tensors = Object.fromEntries(
          feeds.map(([name, values]) => [name, tf.tensor(values, [...shape], 'int32')]),
        );
        const { logits } = model.predict(tensors) as Record<string, ReturnType<typeof tf.tensor>>;
        const values = logits!.dataSync<'float32'>();
        tf.dispose([logits!, ...Object.values(tensors)]);
        return Promise.resolve(values);
      }),
    close: () => Promise.resolve(model.dispose()),
  };
}

const inputsOf = async (folder: string): Promise<readonly InputName[]> =>
  feedOf(await readModelConfig(folder), path.join(folder, 'config.json')).inputs;

/** What onnxruntime, Optimum and transformers.js feed and read of a classifier. Throws `export/cannot-load`. */
function requireNames(
  file: string,
  inputs: readonly InputName[],
  { inputMetadata, outputNames }: InferenceSession,
): void {
  const found = inputMetadata.map((input) => `${input.name} ${input.isTensor ? input.type : ''}`).sort();
  const wanted = inputs.map((name) => `${name} int64`).sort();
  if (found.join() === wanted.join() && outputNames.join() === 'logits') return;
  const detail = `${path.basename(file)} has the inputs ${found.join(', ')} and the outputs ${outputNames.join(', ')}.`;
  throw fault('export/cannot-load', { detail });
}

const asInput = (text: string | TextInput): TextInput => (typeof text === 'string' ? { text } : text);

interface BatchOptions {
  tokenizer: TextTokenizer;
  inputs: readonly InputName[];
  maxLength: number;
  onDone: ((done: number) => void) | undefined;
}

/** Answers texts of similar length together, each batch padded to its longest; the result is in the order given. */
async function inBatches(
  { tokenizer, inputs, maxLength, onDone }: BatchOptions,
  texts: readonly (string | TextInput)[],
  run: (feeds: [InputName, Int32Array][], shape: readonly [number, number]) => Promise<Float32Array>,
): Promise<Float32Array> {
  const encoded = await tokenizer.encode(texts.map(asInput), { maxLength });
  const lengthOf = (i: number): number => encoded[i]!.inputIds.length;
  const order = [...encoded.keys()].sort((a, b) => lengthOf(a) - lengthOf(b) || a - b);
  let result = new Float32Array();
  for (let from = 0; from < order.length; from += BATCH) {
    const rows = order.slice(from, from + BATCH);
    const length = lengthOf(rows.at(-1)!);
    const flat = (fill: number, pick: (i: number) => Int32Array | undefined): Int32Array => {
      const values = new Int32Array(rows.length * length).fill(fill);
      rows.forEach((i, row) => values.set(pick(i) ?? new Int32Array(lengthOf(i)), row * length));
      return values;
    };
    const feeds: Record<InputName, Int32Array> = {
      input_ids: flat(tokenizer.padTokenId, (i) => encoded[i]!.inputIds),
      attention_mask: flat(0, (i) => encoded[i]!.attentionMask),
      token_type_ids: flat(0, (i) => encoded[i]!.tokenTypeIds),
    };
    const fed = inputs.map((name): [InputName, Int32Array] => [name, feeds[name]]);
    const part = await run(fed, [rows.length, length]);
    const width = part.length / rows.length;
    if (from === 0) result = new Float32Array(texts.length * width);
    rows.forEach((i, row) => result.set(part.subarray(row * width, (row + 1) * width), i * width));
    onDone?.(from + rows.length);
  }
  return result;
}
