import { openPredictor } from '../predict.ts';

export interface Answers {
  texts: readonly string[];
  /** [texts, labels], row-major. */
  logits: Float32Array;
  labels: number;
}

/**
 * Opens a model from disk and answers `texts` in fp32. An adapter is computed beside the base weights, so that a
 * comparison with merged weights proves the merge. Throws as `openPredictor` does.
 */
export async function answerTexts(
  options: { model: string; adapter?: string | undefined; maxLength?: number | undefined },
  texts: readonly string[],
): Promise<Answers> {
  const { model, adapter, maxLength } = options;
  const predictor = await openPredictor({
    model,
    ...(adapter === undefined ? {} : { adapter }),
    ...(maxLength === undefined ? {} : { maxLength }),
    precision: 'fp32',
    head: 'sequence',
    folded: false,
  });
  try {
    const inputs = texts.map((text) => ({ text }));
    const encoded = await predictor.tokenizer.encode(inputs, { maxLength: predictor.maxLength });
    return { texts, logits: await predictor.logits(encoded), labels: predictor.labelNames.length };
  } finally {
    predictor.close();
  }
}
