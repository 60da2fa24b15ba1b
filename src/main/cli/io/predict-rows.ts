import { fault } from '../../../shared/faults/index.ts';
import type { VectorForm } from '../../engine/models/sentence-folder.ts';
import type { EncodedExample, Predictor } from '../../engine/predict.ts';
import { chunks } from '../../engine/data/chunks.ts';
import { rowsAtOnce, type InputRow } from './input-rows.ts';

/** One line of `graft predict`: the answer as the model's task says it, and the head's outputs. */
export type Prediction = Record<string, unknown> & { logits: number[] };

/** A prediction a row, in order. Throws what the predictor throws. */
export async function* predictRows(
  predictor: Predictor,
  rows: AsyncIterable<InputRow>,
): AsyncGenerator<Prediction[]> {
  const { task, labelNames } = predictor;
  for await (const batch of chunks(rows, rowsAtOnce)) {
    const outputs = await predictor.logits(await encodeRows(predictor, batch));
    const width = outputs.length / batch.length;
    yield task.answers(outputs, labelNames).map((answer, i) => ({
      ...task.line(answer),
      logits: shortFloats(outputs.subarray(i * width, (i + 1) * width)),
    }));
  }
}

/** A vector of `hiddenSize` a row, in order. Throws as `predictRows` does. */
export async function* embedRows(
  predictor: Predictor,
  rows: AsyncIterable<InputRow>,
  { pooling, normalize }: VectorForm,
): AsyncGenerator<{ embedding: number[] }[]> {
  const { normalizeRows } = await import('../../engine/models/sentence-folder.ts');
  const { hiddenSize } = predictor;
  for await (const batch of chunks(rows, rowsAtOnce)) {
    const made = await predictor.embed(await encodeRows(predictor, batch), pooling);
    const vectors = normalize ? normalizeRows(made, hiddenSize) : made;
    yield batch.map((_, i) => ({
      embedding: shortFloats(vectors.subarray(i * hiddenSize, (i + 1) * hiddenSize)),
    }));
  }
}

/** Token ids for a batch: texts tokenised and cut; ids made elsewhere are refused where they are too many. */
async function encodeRows({ tokenizer, maxLength }: Predictor, rows: InputRow[]): Promise<EncodedExample[]> {
  for (const { tokens } of rows) {
    const length = tokens?.inputIds.length ?? 0;
    if (length > maxLength)
      throw fault('models/text-length', { ...tokens?.origin, length, longest: maxLength });
  }
  const { encodeExamples } = await import('../../engine/training/prepare-data.ts');
  return (await encodeExamples(rows, tokenizer, maxLength, 'longest')).texts;
}

/** float32 values with the fewest digits that give the same float32 back: nine are always enough. */
function shortFloats(values: Float32Array): number[] {
  return Array.from(values, (value) => {
    const seven = Number(value.toPrecision(7));
    return Math.fround(seven) === value ? seven : Number(value.toPrecision(9));
  });
}
