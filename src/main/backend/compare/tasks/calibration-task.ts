import type { Calibration } from '../../../../shared/contract/compare.ts';
import { Pcg64 } from '../../../../shared/random/pcg64.ts';
import {
  expectedCalibrationError,
  fitTemperature,
  reliability,
  type ReliabilityBin,
} from '../../../../shared/statistics/calibration.ts';
import { openReadOnly } from '../../../storage/database.ts';
import { logitsInto, softmaxInto } from './logits.ts';

/** Which rows the temperature is fitted on: always the same ones of so many. */
const HALVES_SEED = 42;

/** How far a run's probabilities can be taken at their word; null where fewer than two predictions are kept. */
export function calibrationTask({ database, id }: { database: string; id: string }): Calibration | null {
  const db = openReadOnly(database);
  try {
    const read = db
      .prepare<[string], [number, Buffer]>(
        'SELECT expected, logits FROM predictions WHERE experiment_id = ? ORDER BY row',
      )
      .raw();
    const found = read.all(id);
    if (found.length < 2) return null;
    const width = found[0]![1].byteLength / Float32Array.BYTES_PER_ELEMENT;
    const labels = Uint16Array.from(found, ([expected]) => expected);
    const logits = new Float32Array(found.length * width);
    for (const [row, [, blob]] of found.entries()) logitsInto(logits, row * width, blob);

    const order = new Pcg64(HALVES_SEED).permutation(labels.length);
    const half = Math.ceil(labels.length / 2);
    const part = (places: Int32Array) => ({
      labels: Uint16Array.from(places, (row) => labels[row]!),
      logits: Float32Array.from(
        { length: places.length * width },
        (_, i) => logits[places[Math.floor(i / width)]! * width + (i % width)]!,
      ),
    });
    const [fitted, heldOut] = [part(order.subarray(0, half)), part(order.subarray(half))];
    const temperature = fitTemperature(fitted.logits, fitted.labels, width);
    const bins = binsOf(logits, labels, width, 1);
    return {
      rows: labels.length,
      ece: expectedCalibrationError(bins),
      temperature,
      eceBefore: expectedCalibrationError(binsOf(heldOut.logits, heldOut.labels, width, 1)),
      eceAfter: expectedCalibrationError(binsOf(heldOut.logits, heldOut.labels, width, temperature)),
      bins,
    };
  } finally {
    db.close();
  }
}

function binsOf(
  logits: Float32Array,
  labels: Uint16Array,
  width: number,
  temperature: number,
): ReliabilityBin[] {
  const scores = new Float64Array(labels.length);
  const right: boolean[] = [];
  const scaled = logits.map((logit) => logit / temperature);
  const probabilities = new Float64Array(width);
  for (let row = 0; row < labels.length; row++) {
    softmaxInto(probabilities, scaled.subarray(row * width, (row + 1) * width));
    const score = Math.max(...probabilities);
    scores[row] = score;
    right.push(probabilities.indexOf(score) === labels[row]);
  }
  return reliability(scores, right);
}
