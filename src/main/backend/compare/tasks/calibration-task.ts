import type { Calibration } from '../../../../shared/contract/compare.ts';
import { Pcg64 } from '../../../../shared/random/pcg64.ts';
import {
  expectedCalibrationError,
  fitTemperature,
  reliability,
  type ReliabilityBin,
} from '../../../../shared/statistics/calibration.ts';
import { argmax, softmax } from '../../../../shared/statistics/probabilities.ts';
import { keptClass, keptLogits } from '../../../../shared/tasks/single-label.ts';
import { answeredTask, countAnswers, eachAnswer } from '../../../storage/answers.ts';
import { openReadOnly } from '../../../storage/database.ts';

/** Which rows the temperature is fitted on: always the same ones of so many. */
const HALVES_SEED = 42;

/** How far a run's probabilities can be taken at their word; null where fewer than two answers are kept. */
export function calibrationTask({ database, id }: { database: string; id: string }): Calibration | null {
  const db = openReadOnly(database);
  try {
    const rows = countAnswers(db, id);
    if (rows < 2) return null;
    const width = answeredTask(db, id).names.length;
    const labels = new Uint16Array(rows);
    const logits = new Float32Array(rows * width);
    let row = 0;
    for (const [, answer] of eachAnswer(db, id)) {
      labels[row] = keptClass(answer);
      keptLogits(answer, logits, row++ * width);
    }

    const order = new Pcg64(HALVES_SEED).permutation(rows);
    const half = Math.ceil(rows / 2);
    const part = (places: Int32Array) => ({
      labels: Uint16Array.from(places, (place) => labels[place]!),
      logits: Float32Array.from(
        { length: places.length * width },
        (_, i) => logits[places[Math.floor(i / width)]! * width + (i % width)]!,
      ),
    });
    const [fitted, heldOut] = [part(order.subarray(0, half)), part(order.subarray(half))];
    const temperature = fitTemperature(fitted.logits, fitted.labels, width);
    const bins = binsOf(logits, labels, width, 1);
    return {
      rows,
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
  const probabilities = softmax(
    logits.map((logit) => logit / temperature),
    width,
  );
  const best = argmax(probabilities, width);
  return reliability(
    Float64Array.from(best, (label, row) => probabilities[row * width + label]!),
    Array.from(best, (label, row) => label === labels[row]),
  );
}
