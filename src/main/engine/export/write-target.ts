import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import type { JobContext } from '../jobs.ts';
import type { BaseModel } from '../models/base-model.ts';
import { adaptedValue, writeAdapter, type Adapter } from '../peft/adapter.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import { mergedConfig, writeWeights } from './merge.ts';
import { writeOnnx, type OnnxPrecision } from './onnx/write-onnx.ts';
import type { TargetKey } from './targets.ts';
import { writeSavedModel } from './write-saved-model.ts';

export interface Source {
  base: BaseModel;
  adapter: Adapter | undefined;
  version: string;
}

/** The names that transformers.js looks for. */
const onnx: Partial<Record<TargetKey, { file: string; precision: OnnxPrecision }>> = {
  onnx: { file: 'model.onnx', precision: 'fp32' },
  'onnx-fp16': { file: 'model_fp16.onnx', precision: 'fp16' },
  'onnx-int8': { file: 'model_quantized.onnx', precision: 'int8' },
};

/** Writes the files of one target into an empty folder. Throws `models/not-finite` for a weight that is no number. */
export async function writeTarget(
  target: TargetKey,
  folder: string,
  { base, adapter, version }: Source,
  context: JobContext,
): Promise<void> {
  if (target === 'peft') {
    if (!adapter) throw fault('export/no-adapter', { model: base.folder });
    await writeAdapter(folder, base, adapter.plan, adapter.values);
    return;
  }
  const read = async (name: string): Promise<Float32Array> => {
    context.signal.throwIfAborted();
    const value = await adaptedValue(base, adapter, name);
    if (!value.every(Number.isFinite)) throw fault('models/not-finite', { file: base.folder, tensor: name });
    return value;
  };
  const format = onnx[target];
  if (target === 'hf') await writeWeights(path.join(folder, 'model.safetensors'), base, adapter, context);
  else if (target === 'savedmodel') await writeSavedModel(folder, base, read, 'classification');
  else if (format) {
    await mkdir(path.join(folder, 'onnx'));
    await writeOnnx(path.join(folder, 'onnx', format.file), base, read, {
      head: 'classification',
      precision: format.precision,
      version,
    });
  }
  await writeFileAtomic(path.join(folder, 'config.json'), `${JSON.stringify(mergedConfig(base), null, 2)}\n`);
  for (const file of (await loadTokenizer(base.folder)).files) {
    await copyFile(file, path.join(folder, path.basename(file)));
  }
}
