import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it, onTestFinished } from 'vitest';
import { changedModel, randomText, goldenBert } from '../models/test-support.ts';
import type { EncodedText } from '../models/batch.ts';
import { adaptedValue } from '../peft/adapter.ts';
import { openAdaptedModel, openPredictor } from '../predict.ts';
import { loadTensorFlow } from '../runtime/tensorflow.ts';
import { writeOnnx } from './onnx/write-onnx.ts';
import type { OnnxPrecision } from './targets.ts';
import { writeSavedModel } from './saved-model/write-saved-model.ts';

type Head = 'sequence' | 'none';

const labelNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `label ${i}`);

async function opened(head: Head, model = goldenBert()) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'graft-export-'));
  const { base, adapter } = await openAdaptedModel(model, undefined, head);
  const predictor = await openPredictor({ model, precision: 'fp32', head });
  onTestFinished(async () => {
    predictor.close();
    await base.close();
    await rm(folder, { recursive: true, force: true });
  });
  return { folder, base, predictor, read: (name: string) => adaptedValue(base, adapter, name) };
}

/** Batches of three sizes and three lengths; in each, the later texts are shorter. */
const batches = [
  [1, 5],
  [3, 17],
  [8, 32],
] as const;

function batchOf(size: number, length: number): EncodedText[] {
  return Array.from({ length: size }, (_, i) => randomText(Math.max(2, length - 3 * i), i));
}

/** Ids, mask and types of a batch, padded to `length`. */
function padded(texts: readonly EncodedText[], length: number): Record<string, Int32Array> {
  const [ids, mask, types] = [0, 1, 2].map(() => new Int32Array(texts.length * length)) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  texts.forEach(({ inputIds, tokenTypeIds }, i) => {
    ids.set(inputIds, i * length);
    types.set(tokenTypeIds ?? [], i * length);
    mask.fill(1, i * length, i * length + inputIds.length);
  });
  return { input_ids: ids, attention_mask: mask, token_type_ids: types };
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

describe('an ONNX file', () => {
  async function session(head: Head, precision: OnnxPrecision, model?: string) {
    const given = await opened(head, model);
    const file = path.join(given.folder, 'model.onnx');
    await writeOnnx(file, given.base, given.read, { head, precision, version: '1' });
    const onnx = await InferenceSession.create(file);
    const run = async (texts: readonly EncodedText[], length: number): Promise<Float32Array> => {
      const feeds = Object.entries(padded(texts, length)).map(([name, values]) => [
        name,
        new Tensor(
          'int64',
          BigInt64Array.from(values, (value) => BigInt(value)),
          [texts.length, length],
        ),
      ]);
      const outputs = await onnx.run(Object.fromEntries(feeds) as Record<string, Tensor>);
      return outputs[head === 'none' ? 'last_hidden_state' : 'logits']!.data as Float32Array;
    };
    return { ...given, onnx, run };
  }

  it.each(batches)(
    "answers %d texts of up to %d tokens within 1e-4 of the engine's logits",
    async (size, length) => {
      const { predictor, run, onnx } = await session('sequence', 'fp32');
      expect(onnx.inputNames).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
      const texts = batchOf(size, length);
      expect(largest(await run(texts, length), await predictor.logits(texts))).toBeLessThan(1e-4);
    },
  );

  it.each(['gelu', 'gelu_new', 'relu'])(
    'of a model with the activation %s answers within 1e-4, for 5 labels and for 2',
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
        const { predictor, run } = await session('sequence', 'fp32', model);
        const texts = batchOf(3, 17);
        expect(largest(await run(texts, 17), await predictor.logits(texts))).toBeLessThan(1e-4);
      }
    },
  );

  it("gives a bare encoder's vectors", async () => {
    const { predictor, run, base } = await session('none', 'fp32');
    const texts = batchOf(3, 9);
    const hidden = await run(texts, 9);
    const wanted = await predictor.embed(texts, 'cls');
    const size = base.config.hidden_size;
    texts.forEach((_, i) => {
      const first = hidden.subarray(i * 9 * size, i * 9 * size + size);
      expect(largest(first, wanted.subarray(i * size, (i + 1) * size))).toBeLessThan(1e-4);
    });
  });

  it.each([
    ['fp16', 0.02],
    ['int8', 0.5],
  ] as const)('in %s is smaller and answers nearly the same', async (precision, room) => {
    const { predictor, run } = await session('sequence', precision);
    const texts = batchOf(4, 12);
    const difference = largest(await run(texts, 12), await predictor.logits(texts));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(room);
  });
});

describe('a SavedModel', () => {
  it.each(batches)(
    "answers %d texts of up to %d tokens within 1e-4 of the engine's logits",
    async (size, length) => {
      const { folder, base, read, predictor } = await opened('sequence');
      await writeSavedModel(folder, base, read, 'sequence');
      const tf = loadTensorFlow();
      const loaded = await tf.node.loadSavedModel(folder, ['serve'], 'serving_default');
      const texts = batchOf(size, length);
      const feeds = Object.fromEntries(
        Object.entries(padded(texts, length)).map(([name, values]) => [
          name,
          tf.tensor(values, [size, length], 'int32'),
        ]),
      );
      const { logits } = loaded.predict(feeds) as Record<string, ReturnType<typeof tf.tensor>>;
      expect(largest(logits!.dataSync(), await predictor.logits(texts))).toBeLessThan(1e-4);
      tf.dispose([logits!, ...Object.values(feeds)]);
      loaded.dispose();
    },
  );
});
