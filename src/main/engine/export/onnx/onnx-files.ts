import type { TargetKey } from '../targets.ts';
import type { OnnxPrecision } from './write-onnx.ts';

/** The names that transformers.js looks for. */
export const onnxFiles = {
  onnx: { file: 'model.onnx', precision: 'fp32' },
  'onnx-fp16': { file: 'model_fp16.onnx', precision: 'fp16' },
  'onnx-int8': { file: 'model_quantized.onnx', precision: 'int8' },
} as const satisfies Partial<Record<TargetKey, { file: string; precision: OnnxPrecision }>>;
