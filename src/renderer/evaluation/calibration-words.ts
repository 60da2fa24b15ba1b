import type { Calibration } from '../../shared/contract.ts';
import { count, decimal, percent } from '../format.ts';

/** Distances below this share read as none. */
const LITTLE = 0.0005;
const inPoints = (share: number): string => percent(share, 1, '\u00a0points');

/** "It says 93.1 % on average and is right in 89.9 %: too sure." with the expected calibration error. */
export function calibrationSentence({ bins, rows, ece }: Calibration): string {
  const mean = (key: 'confidence' | 'accuracy') =>
    bins.reduce((sum, bin) => sum + bin[key] * bin.rows, 0) / Math.max(1, rows);
  const [says, right] = [mean('confidence'), mean('accuracy')];
  const how =
    Math.abs(says - right) < 0.005
      ? 'as sure as it is right'
      : says > right
        ? 'surer than it is right'
        : 'less sure than it is right';
  return `Its probabilities are off by ${inPoints(ece)} on average over ${count(rows)} rows. It is ${how}: it says ${percent(says)} and is right in ${percent(right)}.`;
}

/** What the temperature does on the rows that it was not fitted on. */
export function temperatureSentence({ temperature, eceBefore, eceAfter }: Calibration): string {
  const divided = `Logits divided by ${decimal(temperature)} (the temperature, fitted on one half of the rows)`;
  const change = `${inPoints(eceBefore)} to ${inPoints(eceAfter)} on the other half`;
  if (eceAfter < eceBefore - LITTLE) return `${divided} bring that from ${change}.`;
  return `${divided} do not help: from ${change}.`;
}
