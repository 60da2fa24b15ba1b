/** What an export can be, and how near to the trained model it has to answer. */
export const targetKeys = [
  'hf',
  'peft',
  'onnx',
  'onnx-fp16',
  'onnx-int8',
  'savedmodel',
  'embedding',
] as const;
export type TargetKey = (typeof targetKeys)[number];

/** Type of the merged weights in safetensors; the other targets have their own. */
export const weightPrecisions = ['fp32', 'bf16', 'fp16'] as const;
export type WeightPrecision = (typeof weightPrecisions)[number];

interface Target {
  name: string;
  /** What it is for, in a sentence. */
  use: string;
  /** How its weights are kept; `merged`: as merged safetensors are asked for. */
  weights: 'merged' | 'fp32' | 'fp16' | 'int8';
  /** Whether it gives vectors instead of logits. */
  vectors?: true;
}

export const targets: Readonly<Record<TargetKey, Target>> = {
  hf: {
    name: 'Hugging Face folder',
    use: "Merged weights for transformers' from_pretrained.",
    weights: 'merged',
  },
  peft: {
    name: 'PEFT adapter',
    use: 'The adapter alone, for PeftModel.from_pretrained.',
    weights: 'fp32',
  },
  onnx: { name: 'ONNX', use: 'For onnxruntime and transformers.js, full precision.', weights: 'fp32' },
  'onnx-fp16': {
    name: 'ONNX, half the size',
    use: 'Weights in float16, computed in float32.',
    weights: 'fp16',
  },
  'onnx-int8': {
    name: 'ONNX, int8',
    use: 'A quarter of the size and faster on processors.',
    weights: 'int8',
  },
  savedmodel: {
    name: 'TensorFlow SavedModel',
    use: 'For TF Serving and TensorFlow.js.',
    weights: 'fp32',
  },
  embedding: {
    name: 'Embedding model',
    use: 'The merged encoder for sentence-transformers: a vector a text.',
    weights: 'merged',
    vectors: true,
  },
};

export type OnnxPrecision = 'fp32' | 'fp16' | 'int8';

/** The names that transformers.js looks for. */
export const onnxFiles = {
  onnx: { file: 'model.onnx', precision: 'fp32' },
  'onnx-fp16': { file: 'model_fp16.onnx', precision: 'fp16' },
  'onnx-int8': { file: 'model_quantized.onnx', precision: 'int8' },
} as const satisfies Partial<Record<TargetKey, { file: string; precision: OnnxPrecision }>>;

export function weightsOf(target: TargetKey, precision: WeightPrecision): WeightPrecision | 'int8' {
  const { weights } = targets[target];
  return weights === 'merged' ? precision : weights;
}

/**
 * Largest difference of a logit (or of an element of a vector), as a share of the largest one (at least 1). float32
 * leaves 1e-4 for the order of additions; float16 rounds a weight by 2^-11 at most, bfloat16 by 2^-8: they leave in
 * proportion. null: judged by its answers.
 */
export const tolerances: Readonly<Record<WeightPrecision | 'int8', number | null>> = {
  fp32: 1e-4,
  fp16: 2e-2,
  bf16: 0.16,
  int8: null,
};
