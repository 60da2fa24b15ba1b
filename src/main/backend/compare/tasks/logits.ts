/** A row's logits as they are stored, to a place of `into`. A blob need not begin where 32-bit numbers may. */
export function logitsInto(into: Float32Array, at: number, blob: Buffer): void {
  const bytes = new Uint8Array(into.buffer, into.byteOffset + at * Float32Array.BYTES_PER_ELEMENT);
  bytes.set(blob);
}

/** Probabilities of one row. */
export function softmaxInto(into: Float64Array, logits: Float32Array): void {
  let most = -Infinity;
  for (const logit of logits) most = Math.max(most, logit);
  let sum = 0;
  for (let k = 0; k < logits.length; k++) sum += into[k] = Math.exp(logits[k]! - most);
  for (let k = 0; k < logits.length; k++) into[k]! /= sum;
}
