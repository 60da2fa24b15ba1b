/** What an export can be, and how near to the trained model it has to answer. */
export const targetKeys = ['hf', 'peft', 'onnx', 'onnx-fp16', 'onnx-int8', 'savedmodel'] as const;
export type TargetKey = (typeof targetKeys)[number];

interface Target {
  name: string;
  /** What it is for, in a sentence. */
  use: string;
  /** Largest difference of a logit, as a share of the largest logit (at least 1); null: judged by its answers. */
  tolerance: number | null;
}

export const targets: Readonly<Record<TargetKey, Target>> = {
  hf: {
    name: 'Hugging Face folder',
    use: "Merged weights for transformers' from_pretrained.",
    tolerance: 1e-4,
  },
  peft: { name: 'PEFT adapter', use: 'The adapter alone, for PeftModel.from_pretrained.', tolerance: 1e-4 },
  onnx: { name: 'ONNX', use: 'For onnxruntime and transformers.js, full precision.', tolerance: 1e-4 },
  'onnx-fp16': {
    name: 'ONNX, half the size',
    use: 'Weights in float16, computed in float32.',
    tolerance: 2e-2,
  },
  'onnx-int8': {
    name: 'ONNX, int8',
    use: 'A quarter of the size and faster on processors.',
    tolerance: null,
  },
  savedmodel: { name: 'TensorFlow SavedModel', use: 'For TF Serving and TensorFlow.js.', tolerance: 1e-4 },
};
