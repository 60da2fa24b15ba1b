import { openPredictor } from '../../engine/predict.ts';

/** Opens a model from disk and answers `texts` in fp32. */
export async function answer(
  options: { model: string; adapter?: string; maxLength?: number },
  texts: readonly string[],
): Promise<{ logits: Float32Array; labels: number }> {
  const predictor = await openPredictor({ ...options, precision: 'fp32', head: 'classification' });
  try {
    const ids = await predictor.tokenizer.encode(
      texts.map((text) => ({ text })),
      { maxLength: predictor.maxLength },
    );
    return { logits: await predictor.logits(ids), labels: predictor.labelNames.length };
  } finally {
    predictor.close();
  }
}
