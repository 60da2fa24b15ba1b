import type { Finding } from '../../../../shared/contract/datasets.ts';
import { readLabelColumn } from '../../../../shared/label-column.ts';
import { list, many, number, percent } from './words.ts';

/** A class with fewer rows can hardly be learned, and its figures say nothing. */
const RARE_ROWS = 10;
const NAMED = 5;
const DOMINANT = 0.75;
/** The largest class has so many times the rows of the smallest. */
const UNEVEN = 3;

/** Classes with too few rows; those without any are none of this version's. */
export function rareClasses(counts: readonly number[]): number[] {
  return [...counts.keys()].filter((label) => counts[label]! > 0 && counts[label]! < RARE_ROWS);
}

/** What stands out in the labels as a column of values: other spellings, words for no value, lists, numbers. */
export function labelsFinding(names: readonly string[], counts: readonly number[]): Finding[] {
  const filled = names
    .map((value, label) => ({ value, rows: counts[label]! }))
    .filter(({ rows }) => rows > 0);
  const observations = readLabelColumn(filled, 'label').observations.filter(
    ({ weight }) => weight !== 'info',
  );
  const [first, ...others] = observations;
  if (!first) return [];
  return [
    {
      code: 'labels',
      weight: observations.some(({ weight }) => weight === 'error') ? 'error' : 'warning',
      message: first.message,
      detail: `${[first.remedy, ...others.map(({ message, remedy }) => `${message} ${remedy}`)].join(' ')} Import the data again as a new version, with a label map.`,
      rows: 0,
      repairs: [],
    },
  ];
}

export function rareFinding(names: readonly string[], counts: readonly number[]): Finding {
  const rare = rareClasses(counts);
  if (rare.length === 0) {
    return {
      code: 'rare-classes',
      weight: 'good',
      message: `Every class has ${RARE_ROWS} rows or more.`,
      detail: null,
      rows: 0,
      repairs: [],
    };
  }
  const rows = rare.reduce((sum, label) => sum + counts[label]!, 0);
  const shown = rare.slice(0, NAMED).map((label) => `"${names[label]!}" (${number(counts[label]!)})`);
  const more = rare.length > NAMED ? [`${number(rare.length - NAMED)} more`] : [];
  const left = counts.filter((count) => count >= RARE_ROWS).length;
  return {
    code: 'rare-classes',
    weight: 'warning',
    message: `${many(rare.length, 'class has', 'classes have')} fewer than ${RARE_ROWS} rows (${many(rows, 'row')} in all).`,
    detail: `${list([...shown, ...more])}.${rare.length * 2 > names.length && names.length > 50 ? ' Check that this is the label column.' : ''}`,
    rows,
    repairs:
      left < 2
        ? []
        : [
            {
              action: 'remove-class',
              label: `Remove ${rare.length === 1 ? 'the class' : `the ${number(rare.length)} classes`} and ${many(rows, 'row')}`,
            },
          ],
  };
}

export function imbalanceFinding(names: readonly string[], counts: readonly number[]): Finding {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const filled = [...counts.keys()].filter((label) => counts[label]! > 0);
  const base = { code: 'imbalance' as const, rows: 0, repairs: [] };
  if (filled.length < 2) {
    const [only] = filled;
    const message = only === undefined ? 'No row has a label.' : `Every row has the label "${names[only]!}".`;
    return { ...base, weight: 'error', message, detail: 'Telling classes apart takes at least two.' };
  }
  const largest = filled.reduce((a, b) => (counts[b]! > counts[a]! ? b : a));
  const smallest = filled.reduce((a, b) => (counts[b]! < counts[a]! ? b : a));
  const share = counts[largest]! / total;
  const ratio = counts[largest]! / counts[smallest]!;
  const weight = share >= DOMINANT || ratio >= 10 * UNEVEN ? 'warning' : ratio >= UNEVEN ? 'info' : 'good';
  return {
    ...base,
    weight,
    message: `The majority class "${names[largest]!}" is ${percent(share)} of the rows.`,
    detail:
      weight === 'good'
        ? `The ${number(filled.length)} classes are about evenly filled.`
        : `Answering it every time has an accuracy of ${share.toFixed(3)}. "${names[smallest]!}", the smallest class, has ${many(counts[smallest]!, 'row')}: look at macro F1 too.`,
  };
}
