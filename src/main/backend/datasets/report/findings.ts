import type { Finding, TokenLengths } from '../../../../shared/contract/datasets.ts';
import { readLabelColumn } from '../../../../shared/label-column.ts';
import type { Facets } from '../../../storage/versions/facets.ts';
import { planKeepOne, planMajorityLabel, planRemoveLeaks, planSplitTogether } from '../change/plan.ts';
import { list, many, number, percent } from './phrases.ts';

type Groups = readonly (readonly number[])[];

const finding = (
  code: Finding['code'],
  weight: Finding['weight'],
  message: string,
  more: Partial<Pick<Finding, 'detail' | 'rows' | 'repairs'>> = {},
): Finding => ({ code, weight, message, detail: null, rows: 0, repairs: [], ...more });

const rowsIn = (groups: Groups) => groups.reduce((sum, rows) => sum + rows.length, 0);

/** `distinct`: texts that differ in a character; the groups are of texts that are equal but for spaces and case. */
export function duplicatesFinding(groups: Groups, rows: number, distinct: number): Finding {
  if (groups.length === 0)
    return finding('duplicates', 'good', `The ${many(rows, 'row')} hold as many different texts.`);
  const exact = rows - distinct;
  const removed = planKeepOne(groups).drop.size;
  const only = removed - exact;
  const repeats = many(exact, 'row repeats', 'rows repeat');
  return finding(
    'duplicates',
    'warning',
    `${number(rows)} rows hold ${number(distinct)} different texts: ${repeats} another.`,
    {
      detail:
        only === 0
          ? null
          : `${many(only, 'more row differs', 'more rows differ')} from another only in spaces or case, and ${only === 1 ? 'counts' : 'count'} as a repeat here too.`,
      rows: rowsIn(groups),
      repairs: [{ action: 'keep-one', label: `Keep one of each (${many(removed, 'row')} fewer)` }],
    },
  );
}

export function nearDuplicatesFinding(
  groups: Groups,
  looked: { texts: number; of: number },
  facets: Facets,
): Finding {
  const part =
    looked.texts === looked.of
      ? `All ${number(looked.of)} different texts were looked at.`
      : `The first ${number(looked.texts)} of ${number(looked.of)} different texts were looked at, as far as time allowed.`;
  if (groups.length === 0)
    return finding('near-duplicates', 'good', 'No text is nearly the same as another.', { detail: part });
  const near = rowsIn(groups) - groups.length;
  const across = groups.filter((rows) => new Set(rows.map((row) => facets.splits[row - 1])).size > 1).length;
  const leaks =
    across === 0 ? '' : ` ${many(across, 'group has', 'groups have')} rows in more than one split.`;
  return finding(
    'near-duplicates',
    'info',
    `${many(near, 'text is', 'texts are')} nearly the same as another: four fifths or more of their word pairs are shared.`,
    {
      detail: part + leaks,
      rows: rowsIn(groups),
      repairs: [{ action: 'keep-one', label: `Keep one of each (${many(near, 'row')} fewer)` }],
    },
  );
}

export function conflictsFinding(groups: Groups, facets: Facets): Finding {
  if (groups.length === 0) return finding('conflicting-labels', 'good', 'Equal texts have equal labels.');
  const changed = planMajorityLabel(groups, facets).labels.size;
  const rows = rowsIn(groups);
  const majority = `Give each text its most frequent label (${many(changed, 'row')})`;
  return finding(
    'conflicting-labels',
    'warning',
    `${many(groups.length, 'text stands', 'texts stand')} under more than one label (${many(rows, 'row')}).`,
    {
      detail: 'No model can be right about both. Look at the rows and correct the wrong ones.',
      rows,
      repairs: [
        ...(changed > 0 ? [{ action: 'majority-label' as const, label: majority }] : []),
        { action: 'remove-rows', label: `Remove the ${many(rows, 'row')}` },
      ],
    },
  );
}

export function leaksFinding(groups: Groups, facets: Facets): Finding {
  if (groups.length === 0) return finding('leaks', 'good', 'No text stands in more than one split.');
  const pairs = new Map<string, number>();
  for (const rows of groups) {
    const splits = [...new Set(rows.map((row) => facets.splits[row - 1]!))].filter((split) => split !== -1);
    const key = list(splits.sort((a, b) => a - b).map((split) => `"${facets.splitNames[split]!}"`));
    pairs.set(key, (pairs.get(key) ?? 0) + 1);
  }
  const worst = [...pairs].sort((a, b) => b[1] - a[1]).slice(0, 5);
  const removed = planRemoveLeaks(groups, facets).drop.size;
  const moved = planSplitTogether(groups, facets).splits.size;
  return finding(
    'leaks',
    'error',
    `${many(groups.length, 'text stands', 'texts stand')} in more than one split (${many(rowsIn(groups), 'row')}).`,
    {
      detail: `${list(worst.map(([splits, n]) => `${number(n)} in ${splits}`))}. What was trained on is measured too high.`,
      rows: rowsIn(groups),
      repairs: [
        { action: 'split-together', label: `Move equal texts to one split (${many(moved, 'row')})` },
        { action: 'remove-leaks', label: `Remove from train (${many(removed, 'row')})` },
      ],
    },
  );
}

const removal = (rows: number): Pick<Finding, 'rows' | 'repairs'> => ({
  rows,
  repairs: [{ action: 'remove-rows', label: `Remove ${rows === 1 ? 'it' : 'them'}` }],
});

export function emptyFinding({ length: rows }: readonly number[]): Finding {
  if (rows === 0) return finding('empty-texts', 'good', 'Every row has a text.');
  const message = `${many(rows, 'row has', 'rows have')} no text.`;
  return finding('empty-texts', 'warning', message, removal(rows));
}

/** More than any text that a person wrote as one row. */
const LONG_BYTES = 100_000;
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/;
/** What UTF-8 looks like when it was read as Windows-1252. */
const MISREAD = /Ã[\u0080-\u00bf©¨¤¶¼±³¡]|â€[™œ\u009d“”˜¦–]/;

/** Why a text is odd. */
const oddities = {
  control: 'with control characters',
  replacement: 'with the replacement character (�)',
  misread: 'read in a wrong encoding (“Ã©” for “é”)',
  long: `over ${LONG_BYTES / 1000} kB`,
};
export type Oddity = keyof typeof oddities;

/** The first thing that is odd about a text; null: nothing. */
export function oddityOf(text: string): Oddity | null {
  if (CONTROL.test(text)) return 'control';
  if (text.includes('\ufffd')) return 'replacement';
  if (MISREAD.test(text)) return 'misread';
  return text.length * 3 > LONG_BYTES && Buffer.byteLength(text) > LONG_BYTES ? 'long' : null;
}

export function oddFinding(odd: ReadonlyMap<Oddity, readonly number[]>): Finding {
  const rows = rowsIn([...odd.values()]);
  if (rows === 0) {
    const message = `No text has control characters, signs of a wrong encoding or over ${LONG_BYTES / 1000} kB.`;
    return finding('odd-rows', 'good', message);
  }
  const kinds = [...odd].map(([kind, found]) => `${number(found.length)} ${oddities[kind]}`);
  const message = `${many(rows, 'row looks', 'rows look')} odd.`;
  return finding('odd-rows', 'warning', message, { detail: `${list(kinds)}.`, ...removal(rows) });
}

const FEW_CUT = 0.01;

/** What is cut at the chosen length. */
export function truncationFinding(lengths: TokenLengths): Finding {
  const { maxLength, cutRows, cutShare, longest, p95, modelName } = lengths;
  const detail = `The longest text has ${number(longest)} tokens of ${modelName}; 95 % have ${number(p95)} or fewer.`;
  if (cutRows === 0)
    return finding('truncation', 'good', `No text is cut at ${number(maxLength)} tokens.`, { detail });
  return finding(
    'truncation',
    cutShare < FEW_CUT ? 'info' : 'warning',
    `${many(cutRows, 'text is', 'texts are')} cut at ${number(maxLength)} tokens: ${percent(cutShare)} of the rows.`,
    { detail, rows: cutRows },
  );
}

/** A class with fewer rows can hardly be learned, and its figures say nothing. */
const RARE_ROWS = 10;
const NAMED_CLASSES = 5;
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
  const [first, ...others] = readLabelColumn(filled, 'label').observations.filter(
    ({ weight }) => weight !== 'info',
  );
  if (!first) return [];
  const remedies = [first.remedy, ...others.map(({ message, remedy }) => `${message} ${remedy}`)].join(' ');
  const weight = [first, ...others].some((each) => each.weight === 'error') ? 'error' : 'warning';
  const detail = `${remedies} Import the data again as a new version, with a label map.`;
  return [finding('labels', weight, first.message, { detail })];
}

export function rareFinding(names: readonly string[], counts: readonly number[]): Finding {
  const rare = rareClasses(counts);
  if (rare.length === 0) return finding('rare-classes', 'good', `Every class has ${RARE_ROWS} rows or more.`);
  const rows = rare.reduce((sum, label) => sum + counts[label]!, 0);
  const shown = rare.slice(0, NAMED_CLASSES).map((label) => `"${names[label]!}" (${number(counts[label]!)})`);
  const more = rare.length > NAMED_CLASSES ? [`${number(rare.length - NAMED_CLASSES)} more`] : [];
  const left = counts.filter((count) => count >= RARE_ROWS).length;
  const doubt =
    rare.length * 2 > names.length && names.length > 50 ? ' Check that this is the label column.' : '';
  const what = rare.length === 1 ? 'the class' : `the ${number(rare.length)} classes`;
  return finding(
    'rare-classes',
    'warning',
    `${many(rare.length, 'class has', 'classes have')} fewer than ${RARE_ROWS} rows (${many(rows, 'row')} in all).`,
    {
      detail: `${list([...shown, ...more])}.${doubt}`,
      rows,
      repairs: left < 2 ? [] : [{ action: 'remove-class', label: `Remove ${what} and ${many(rows, 'row')}` }],
    },
  );
}

export function imbalanceFinding(names: readonly string[], counts: readonly number[]): Finding {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const filled = [...counts.keys()].filter((label) => counts[label]! > 0);
  if (filled.length < 2) {
    const [only] = filled;
    const message = only === undefined ? 'No row has a label.' : `Every row has the label "${names[only]!}".`;
    const detail = 'Telling classes apart takes at least two.';
    return finding('imbalance', 'error', message, { detail });
  }
  const largest = filled.reduce((a, b) => (counts[b]! > counts[a]! ? b : a));
  const smallest = filled.reduce((a, b) => (counts[b]! < counts[a]! ? b : a));
  const share = counts[largest]! / total;
  const ratio = counts[largest]! / counts[smallest]!;
  const weight = share >= DOMINANT || ratio >= 10 * UNEVEN ? 'warning' : ratio >= UNEVEN ? 'info' : 'good';
  const message = `The majority class "${names[largest]!}" is ${percent(share)} of the rows.`;
  return finding('imbalance', weight, message, {
    detail:
      weight === 'good'
        ? `The ${number(filled.length)} classes are about evenly filled.`
        : `Answering it every time has an accuracy of ${share.toFixed(3)}. "${names[smallest]!}", the smallest class, has ${many(counts[smallest]!, 'row')}: look at macro F1 too.`,
  });
}
