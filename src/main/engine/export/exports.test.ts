import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Graph } from '../graph/graph.ts';
import { unary } from '../graph/ops/raw.ts';
import type { InputName } from '../models/architecture.ts';
import { architectures } from '../models/architectures.ts';
import type { BaseModel, Head } from '../models/base-model.ts';
import type { EncodedText } from '../models/batch.ts';
import { changedModel, randomText, tinyModel } from '../models/test-support.ts';
import { adaptedValue } from '../peft/adapter.ts';
import { openAdaptedModel, openPredictor } from '../predict.ts';
import { loadTensorFlow } from '../runtime/tensorflow.ts';
import { translate } from './onnx/translate.ts';
import { writeOnnx } from './onnx/write-onnx.ts';
import type { OnnxPrecision } from './targets.ts';
import { writeSavedModel } from './saved-model/write-saved-model.ts';

const labelNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `label ${i}`);

/** A model in the formats of other programs, and what the engine answers with it. */
async function opened(head: Head, model: string) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'graft-export-'));
  const { base, adapter } = await openAdaptedModel(model, undefined, head);
  const predictor = await openPredictor({ model, precision: 'fp32', head });
  const read = (name: string) => adaptedValue(base, adapter, name);
  const inOnnx = async (precision: OnnxPrecision) => {
    const file = path.join(folder, `${precision}.onnx`);
    await writeOnnx(file, base, read, { head, precision, version: '1' });
    const onnx = await InferenceSession.create(file);
    const run = async (texts: readonly EncodedText[], length: number): Promise<Float32Array> => {
      const feeds = Object.entries(rectangles(base, texts, length)).map(([name, values]) => {
        const ids = BigInt64Array.from(values, (value) => BigInt(value));
        return [name, new Tensor('int64', ids, [texts.length, length])];
      });
      const outputs = await onnx.run(Object.fromEntries(feeds) as Record<string, Tensor>);
      return outputs[onnx.outputNames[0]!]!.data as Float32Array;
    };
    return { onnx, run };
  };
  const inTensorFlow = async () => {
    const tf = loadTensorFlow();
    const saved = path.join(folder, 'saved');
    await writeSavedModel(saved, base, read, head);
    const loaded = await tf.node.loadSavedModel(saved, ['serve'], 'serving_default');
    const run = (texts: readonly EncodedText[], length: number): Float32Array => {
      const feeds = Object.entries(rectangles(base, texts, length)).map(
        ([name, values]) => [name, tf.tensor(values, [texts.length, length], 'int32')] as const,
      );
      const outputs = loaded.predict(Object.fromEntries(feeds)) as Record<
        string,
        ReturnType<typeof tf.tensor>
      >;
      const values = outputs['logits']!.dataSync<'float32'>();
      tf.dispose([...Object.values(outputs), ...feeds.map(([, tensor]) => tensor)]);
      return values;
    };
    return { run, close: () => loaded.dispose() };
  };
  onTestFinished(async () => {
    predictor.close();
    await base.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { base, predictor, inOnnx, inTensorFlow };
}

/** Batches of three sizes and three lengths; in each, the later texts are shorter. */
const shapes = [
  [1, 5],
  [3, 17],
  [8, 32],
] as const;

/** Texts of random ids, among them, where a tokenizer would put none, that of padding. */
function batchOf({ config }: BaseModel, size: number, length: number): EncodedText[] {
  return Array.from({ length: size }, (_, i) => {
    const text = randomText(Math.max(2, length - 3 * i), i);
    const within = (ids: Int32Array, count: number): Int32Array => ids.map((id) => id % Math.max(1, count));
    const inputIds = within(text.inputIds, config.vocab_size);
    if (i % 2 === 0 && config.pad_token_id !== null) inputIds[1] = config.pad_token_id;
    return { inputIds, tokenTypeIds: within(text.tokenTypeIds!, config.type_vocab_size) };
  });
}

/** What the model takes of a batch, each padded to `length`. */
function rectangles(
  { encoder, config }: BaseModel,
  texts: readonly EncodedText[],
  length: number,
): Record<string, Int32Array> {
  const rows = (fill: number, of: (text: EncodedText) => ArrayLike<number>): Int32Array => {
    const values = new Int32Array(texts.length * length).fill(fill);
    texts.forEach((text, i) => values.set(of(text), i * length));
    return values;
  };
  const all: Record<InputName, Int32Array> = {
    input_ids: rows(config.pad_token_id ?? 0, ({ inputIds }) => inputIds),
    attention_mask: rows(0, ({ inputIds }) => inputIds.map(() => 1)),
    token_type_ids: rows(0, ({ tokenTypeIds }) => tokenTypeIds!),
  };
  return Object.fromEntries(encoder.inputs.map((name) => [name, all[name]]));
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe.each(architectures.flatMap(({ modelTypes }) => modelTypes))('a model of type %s', (type) => {
  it('answers batches of three sizes and lengths within 1e-4 of the engine in ONNX and as a SavedModel', async () => {
    const { base, predictor, inOnnx, inTensorFlow } = await opened('sequence', await tinyModel(type));
    const [{ onnx, run }, saved] = [await inOnnx('fp32'), await inTensorFlow()];
    expect(onnx.inputNames).toEqual(base.encoder.inputs);
    for (const [size, length] of shapes) {
      const texts = batchOf(base, size, length);
      const logits = await predictor.logits(texts);
      expect(largest(await run(texts, length), logits)).toBeLessThan(1e-4);
      expect(largest(saved.run(texts, length), logits)).toBeLessThan(1e-4);
    }
    saved.close();
  });

  it('answers nearly the same in fp16 and in int8', async () => {
    const { base, predictor, inOnnx } = await opened('sequence', await tinyModel(type));
    const texts = batchOf(base, 4, 12);
    const logits = await predictor.logits(texts);
    for (const [precision, room] of [
      ['fp16', 0.02],
      ['int8', 0.5],
    ] as const) {
      const { run } = await inOnnx(precision);
      const difference = largest(await run(texts, 12), logits);
      expect(difference).toBeGreaterThan(0);
      expect(difference).toBeLessThan(room);
    }
  });

  it("gives a bare encoder's vectors", async () => {
    const { base, predictor, inOnnx } = await opened('none', await tinyModel(type));
    const texts = batchOf(base, 3, 9);
    const hidden = await (await inOnnx('fp32')).run(texts, 9);
    const { hidden_size: width } = base.config;
    const [first, mean] = [await predictor.embed(texts, 'cls'), await predictor.embed(texts, 'mean')];
    texts.forEach(({ inputIds }, i) => {
      const tokens = hidden.subarray(i * 9 * width, (i * 9 + inputIds.length) * width);
      const ofText = (all: Float32Array) => all.subarray(i * width, (i + 1) * width);
      expect(largest(tokens.subarray(0, width), ofText(first))).toBeLessThan(1e-4);
      const means = Float32Array.from({ length: width }, (_, k) => {
        const column = tokens.filter((_, at) => at % width === k);
        return column.reduce((sum, value) => sum + value, 0) / column.length;
      });
      expect(largest(means, ofText(mean))).toBeLessThan(1e-4);
    });
  });
});

it.each(['gelu', 'gelu_new', 'relu'])(
  'an ONNX file of a model with the activation %s answers within 1e-4, for 5 labels and for 2',
  async (activation) => {
    for (const labels of [5, 2]) {
      const model = await changedModel(
        { hidden_act: activation, id2label: Object.fromEntries(labelNames(labels).entries()) },
        (tensors) => {
          for (const [name, tensor] of tensors) {
            if (!name.startsWith('classifier.')) continue;
            const shape = [labels, ...tensor.shape.slice(1)];
            tensor.data = tensor.data.subarray(
              0,
              shape.reduce((a, b) => a * b, 1),
            );
            tensor.shape = shape;
          }
        },
      );
      const { base, predictor, inOnnx } = await opened('sequence', model);
      const texts = batchOf(base, 3, 17);
      const { run } = await inOnnx('fp32');
      expect(largest(await run(texts, 17), await predictor.logits(texts))).toBeLessThan(1e-4);
    }
  },
);

it('an operation without a form in ONNX is named', () => {
  const g = new Graph();
  const x = g.placeholder('x', 'float32', [-1]);
  g.signature('serving_default', { x }, { y: unary(g, 'Digamma', x) });
  expect(() => translate(g)).toThrow('Digamma has no ONNX form.');
});
