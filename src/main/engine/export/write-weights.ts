import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { floatBytes, type FloatType } from '../formats/dtype.ts';
import { writeSafetensors } from '../formats/write-safetensors.ts';
import type { WeightPrecision } from './targets.ts';

const types: Readonly<Record<WeightPrecision, { stored: FloatType; config: string }>> = {
  fp32: { stored: 'F32', config: 'float32' },
  bf16: { stored: 'BF16', config: 'bfloat16' },
  fp16: { stored: 'F16', config: 'float16' },
};
const LARGEST_HALF = 65_504;

/** A parameter to write: its name in the file, and its name in the model. */
export interface WeightToWrite {
  name: string;
  from: string;
  shape: readonly number[];
}

/**
 * Writes `model.safetensors` into a folder, one weight in memory at a time; `read` gives a parameter by its name in the
 * model. Throws `export/beyond-half` for a value that float16 does not reach, and what `read` throws.
 */
export async function writeWeights(
  folder: string,
  weights: readonly WeightToWrite[],
  precision: WeightPrecision,
  read: (name: string) => Promise<Float32Array>,
): Promise<void> {
  const dtype = types[precision].stored;
  const tensors = weights.map(({ name, from, shape }) => ({
    name,
    dtype,
    shape,
    data: async () => storedBytes(await read(from), dtype, from),
  }));
  await writeSafetensors(path.join(folder, 'model.safetensors'), tensors, { format: 'pt' });
}

/** Values as they are stored in a file. Throws `export/beyond-half` for one that float16 does not reach. */
export function storedBytes(values: Float32Array, dtype: FloatType, tensor: string): Uint8Array {
  if (dtype === 'F16' && values.some((value) => Math.abs(value) > LARGEST_HALF))
    throw fault('export/beyond-half', { tensor });
  return floatBytes(values, dtype);
}

/** How config.json calls the type of the written weights. */
export const dtypeOf = (precision: WeightPrecision): string => types[precision].config;
