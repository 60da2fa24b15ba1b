import type { Export, ExportedTarget, ExportTarget, Interval } from '../../../shared/contract.ts';
import { fixed, percent } from '../../format.ts';

/** What a target is called, and what it is for in a word or two. */
export const targetWords: Readonly<Record<ExportTarget, { name: string; short: string; use: string }>> = {
  hf: { name: 'Hugging Face folder', short: 'Hugging Face', use: 'transformers' },
  peft: { name: 'PEFT adapter', short: 'PEFT', use: 'peft' },
  onnx: { name: 'ONNX', short: 'ONNX', use: 'onnxruntime, transformers.js' },
  'onnx-fp16': { name: 'ONNX fp16', short: 'fp16', use: 'half the size' },
  'onnx-int8': { name: 'ONNX int8', short: 'int8', use: 'small and fast on CPUs' },
  savedmodel: { name: 'SavedModel', short: 'SavedModel', use: 'TF Serving, TF.js' },
  embedding: { name: 'Embedding model', short: 'embedding', use: 'sentence-transformers' },
  script: { name: 'PEFT script', short: 'script', use: 'the run, in Python' },
};
/** In the order of their cards. */
export const targetOrder = Object.keys(targetWords) as ExportTarget[];

/** How an export stands: its worst target counts. */
export type ExportState = 'working' | 'failed' | 'missing' | 'cancelled' | 'proved' | 'unproved';

export function stateOf({ targets }: Pick<Export, 'targets'>): ExportState {
  const has = (...states: ExportedTarget['state'][]) => targets.some(({ state }) => states.includes(state));
  if (has('waiting', 'writing')) return 'working';
  if (has('failed', 'refused')) return 'failed';
  if (has('missing')) return 'missing';
  if (has('cancelled')) return 'cancelled';
  // Nothing is called proved that no proof stands behind.
  return targets.some(isProved) ? 'proved' : 'unproved';
}

export const isProved = ({ state, proof }: Pick<ExportedTarget, 'state' | 'proof'>): boolean =>
  state === 'passed' && proof?.passed === true;

/** The words of an export's state, and the tone that StateTag has for them. */
export const stateWords: Readonly<Record<ExportState, { label: string; tone: string }>> = {
  working: { label: 'being written', tone: 'running' },
  failed: { label: 'failed', tone: 'failed' },
  missing: { label: 'missing', tone: 'missing' },
  cancelled: { label: 'cancelled', tone: 'stopped' },
  proved: { label: 'proved', tone: 'good' },
  unproved: { label: 'not proved', tone: 'stopped' },
};

/** "5 of 6 proved", or its state in a word; what needs no proof (a script) does not count. */
export function standingText(made: Pick<Export, 'targets'>): string {
  const state = stateOf(made);
  const { targets } = made;
  if (targets.length === 1 || !['proved', 'failed', 'missing'].includes(state))
    return stateWords[state].label;
  const provable = targets.filter(({ state, proof }) => !(state === 'passed' && proof === null));
  const proved = provable.filter(isProved).length;
  return `${proved} of ${provable.length} proved`;
}

/** "61.2 % ±1.6": the interval's wider side, in points. */
export function accuracyText({ value, low, high }: Interval): string {
  const half = 100 * Math.max(value - low, high - value);
  return `${percent(value)} ±${fixed(half, 1)}`;
}
/** The same with both ends, for those who ask. */
export const intervalText = ({ low, high }: Interval): string =>
  `95 % interval ${percent(low)} to ${percent(high)}`;

/** When all that is there was last found as it was written; null: never, or not all. */
export function verifiedAt(targets: readonly ExportedTarget[]): number | null {
  const times = targets.filter(isProved).map((target) => target.verifiedAt);
  return times.length === 0 || times.includes(null) ? null : Math.min(...times.map((time) => time ?? 0));
}

export const sizeOf = (targets: readonly ExportedTarget[]): number =>
  targets.reduce((sum, { bytes }) => sum + bytes, 0);
