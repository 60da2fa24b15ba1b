import type { LabelCount } from '../../../shared/contract/datasets.ts';
import { fault } from '../../../shared/faults/index.ts';
import { readLabelColumn } from '../../../shared/label-column.ts';
import { singleLabel as shared, type ClassAnswer } from '../../../shared/tasks/single-label.ts';
import type { Names, Task } from '../../../shared/tasks/task.ts';
import { buildLabelMap, encodeLabels, labelMap, matchLabels, requireEveryClass } from '../data/labels.ts';
import type { LabelMap } from '../data/labels.ts';
import { bytesOf } from '../formats/dtype.ts';
import { crossEntropy } from '../graph/ops/loss.ts';
import { classificationMetrics } from '../metrics/classification.ts';
import type { EngineTask, ReadRows, TargetReader } from './task.ts';

/** One class a text: a target is the class's place among the head's names. */
export const singleLabel: EngineTask<number, ClassAnswer> = {
  ...(shared as Task<ClassAnswer>),
  learn(train, head) {
    const odd = labelNotes(train);
    const { note, ...labels } = settleLabels(buildLabelMap(train.values, train.classNames), head);
    const targets = targetsOf(train, labels);
    requireEveryClass(Int32Array.from(targets), labels, train.source);
    return { ...reader(labels, train.classNames), targets, odd, note };
  },
  known: (names) => reader(labelMap(names)),
  strata: (targets) => targets,
  digest: (targets) => bytesOf(Int32Array.from(targets)),
  lossFeed({ label_smoothing_factor: smoothing, class_weights: given }, targets, names) {
    const width = names.length;
    const weights = classWeights(given, targets, names);
    return {
      width,
      of(step) {
        // A step whose rows all have weight 0 teaches nothing; its loss is 0, not 0/0.
        const weight = stepWeight(step.flat(), weights) || 1;
        return step.map((labels) => lossTargets(labels, width, smoothing, weights, weight));
      },
    };
  },
  loss: crossEntropy,
  judged: ({ label, score }, target, names) => ({ label, expected: names[target], score }),
  report(outputs, targets, names) {
    const labels = Int32Array.from(targets);
    const metrics = classificationMetrics({ logits: outputs, labels, labelNames: names });
    const numbers = Object.entries(metrics).filter(
      (entry): entry is [string, number] => typeof entry[1] === 'number',
    );
    return {
      metrics: { ...metrics },
      numbers: { ...Object.fromEntries(numbers), loss: metrics.log_loss ?? NaN },
    };
  },
};

/** `trained`: names of which numbers in other files are ids, where these are not the classes themselves. */
const reader = (labels: LabelMap, trained?: Names): TargetReader<number> => ({
  names: labels.names,
  read(rows) {
    const matched = matchLabels(rows.values, labels, { trained, file: rows.classNames });
    return { targets: targetsOf(rows, matched), note: matched.note };
  },
});

const targetsOf = ({ examples, file, column }: ReadRows, labels: LabelMap): number[] =>
  Array.from(encodeLabels(examples, labels, { file, column }));

/** What stands out in a label column, for the run's notes. Throws `data/label-column` where no classes can be made of it. */
function labelNotes({ values, column, source: file }: ReadRows): string[] {
  const { observations, proposed } = readLabelColumn(countLabels(values), column);
  const [refused] = observations.filter(({ weight }) => weight === 'error');
  const map = Object.keys(proposed).length > 0;
  if (refused) throw fault('data/label-column', { ...refused, file, map });
  return observations
    .filter(({ weight }) => weight === 'warning')
    .map(({ message, remedy }) => `${message} ${remedy}${map ? ` ${TO_FOLD}` : ''}`);
}

const TO_FOLD = 'To have it so: --label-map proposed, or data.label_map.';

/** Labels with their rows, in the order in which they come. */
function countLabels(values: Iterable<string | number>): LabelCount[] {
  const rows = new Map<string, number>();
  for (const value of values) rows.set(String(value), (rows.get(String(value)) ?? 0) + 1);
  return Array.from(rows, ([value, n]) => ({ value, rows: n }));
}

/**
 * The labels of the data against those of the base model's own head, when the checkpoint has one: equal names (in any
 * case) keep the head and its order; numbers 0 … K-1 are taken as the head's own ids, as the script does; otherwise the
 * data's labels get a new head. `note` says where their order comes from.
 */
export function settleLabels(map: LabelMap, head: Names | null): LabelMap & { note: string | null } {
  const own = { names: map.names, idOf: (value: string | number) => map.idOf(value) };
  if (!head) return { ...own, note: null };
  const folded = new Map(head.map((name, id) => [name.toLowerCase(), id]));
  if (map.names.length === head.length) {
    if (folded.size === head.length && map.names.every((name) => folded.has(name.toLowerCase()))) {
      return {
        ...labelMap(head),
        note: "The labels are those of the model's own head, which is trained further.",
      };
    }
    if (map.names.every((name, id) => name === String(id))) {
      const ids = head.map((name, id) => `${id} = ${name}`).join(', ');
      return { ...own, names: head, note: `The labels are numbers and are taken as the head's own: ${ids}.` };
    }
  }
  // As transformers does: a head of the same size is loaded, whatever its labels are called.
  const becomes =
    map.names.length === head.length
      ? ', as many as the data: its weights go on under the new names'
      : ' and is replaced by a new one';
  return { ...own, note: `The model's own head (${head.join(', ')}) has other labels${becomes}.` };
}

/**
 * The cross-entropy targets of one micro-batch [b,K]: one-hot labels with label smoothing and class weights, divided
 * by the number (with class weights: the weight) of all rows of the optimizer step, which is how Trainer averages
 * over accumulated micro-batches. Equals torch's CrossEntropyLoss(weight, label_smoothing).
 */
export function lossTargets(
  labels: readonly number[],
  numLabels: number,
  smoothing: number,
  weights: readonly number[] | null,
  stepWeight: number,
): Float32Array {
  const targets = new Float32Array(labels.length * numLabels);
  labels.forEach((label, row) => {
    for (let k = 0; k < numLabels; k++) {
      const share = (k === label ? 1 - smoothing : 0) + smoothing / numLabels;
      targets[row * numLabels + k] = (share * (weights?.[k] ?? 1)) / stepWeight;
    }
  });
  return targets;
}

/** What the targets of an optimizer step are divided by. */
export function stepWeight(labels: readonly number[], weights: readonly number[] | null): number {
  if (!weights) return labels.length;
  return labels.reduce((sum, label) => sum + weights[label]!, 0);
}

/** Throws `training/class-weights` where there is not one a class. */
function classWeights(
  given: 'balanced' | number[] | null,
  labels: readonly number[],
  names: Names,
): number[] | null {
  if (given === 'balanced') return balancedWeights(labels, names.length);
  if (given && given.length !== names.length)
    throw fault('training/class-weights', { given: given.length, labels: names });
  return given;
}

/** n / (K·n_k), as scikit-learn's `class_weight='balanced'`; a class without rows gets 0. */
export function balancedWeights(labels: ArrayLike<number>, numLabels: number): number[] {
  const counts = new Array<number>(numLabels).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]!]!++;
  return counts.map((count) => (count === 0 ? 0 : labels.length / (numLabels * count)));
}
