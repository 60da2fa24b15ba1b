import type { Finding } from '../../../../shared/contract/datasets.ts';
import { planKeepOne, planMajorityLabel, planRemoveLeaks, planSplitTogether } from '../change/plan.ts';
import type { Facets } from '../../../storage/versions/facets.ts';
import { LONG_BYTES, ODDITY_WORDS, type Oddity } from './odd-texts.ts';
import { list, many, number } from './words.ts';

type Groups = readonly (readonly number[])[];

const good = (code: Finding['code'], message: string, detail: string | null = null): Finding => ({
  code,
  weight: 'good',
  message,
  detail,
  rows: 0,
  repairs: [],
});
const rowsIn = (groups: Groups) => groups.reduce((sum, rows) => sum + rows.length, 0);

/** `distinct`: texts that differ in a character; the groups are of texts that are equal but for spaces and case. */
export function duplicatesFinding(groups: Groups, rows: number, distinct: number): Finding {
  if (groups.length === 0)
    return good('duplicates', `The ${many(rows, 'row')} hold as many different texts.`);
  const exact = rows - distinct;
  const removed = planKeepOne(groups).drop.size;
  const only = removed - exact;
  return {
    code: 'duplicates',
    weight: 'warning',
    message: `${number(rows)} rows hold ${number(distinct)} different texts: ${many(exact, 'row repeats', 'rows repeat')} another.`,
    detail:
      only === 0
        ? null
        : `${many(only, 'more row differs', 'more rows differ')} from another only in spaces or case, and ${only === 1 ? 'counts' : 'count'} as a repeat here too.`,
    rows: rowsIn(groups),
    repairs: [{ action: 'keep-one', label: `Keep one of each (${many(removed, 'row')} fewer)` }],
  };
}

export function nearDuplicatesFinding(
  groups: Groups,
  looked: { texts: number; of: number },
  facets: Facets,
): Finding {
  const whole = looked.texts === looked.of;
  const part = whole
    ? `All ${number(looked.of)} different texts were looked at.`
    : `The first ${number(looked.texts)} of ${number(looked.of)} different texts were looked at, as far as time allowed.`;
  if (groups.length === 0) return good('near-duplicates', 'No text is nearly the same as another.', part);
  const near = rowsIn(groups) - groups.length;
  const across = groups.filter((rows) => new Set(rows.map((row) => facets.splits[row - 1])).size > 1).length;
  const leaks =
    across === 0 ? '' : ` ${many(across, 'group has', 'groups have')} rows in more than one split.`;
  return {
    code: 'near-duplicates',
    weight: 'info',
    message: `${many(near, 'text is', 'texts are')} nearly the same as another: four fifths or more of their word pairs are shared.`,
    detail: part + leaks,
    rows: rowsIn(groups),
    repairs: [{ action: 'keep-one', label: `Keep one of each (${many(near, 'row')} fewer)` }],
  };
}

export function conflictsFinding(groups: Groups, facets: Facets): Finding {
  if (groups.length === 0) return good('conflicting-labels', 'Equal texts have equal labels.');
  const changed = planMajorityLabel(groups, facets).labels.size;
  const rows = rowsIn(groups);
  return {
    code: 'conflicting-labels',
    weight: 'warning',
    message: `${many(groups.length, 'text stands', 'texts stand')} under more than one label (${many(rows, 'row')}).`,
    detail: 'No model can be right about both. Look at the rows and correct the wrong ones.',
    rows,
    repairs: [
      ...(changed > 0
        ? [
            {
              action: 'majority-label' as const,
              label: `Give each text its most frequent label (${many(changed, 'row')})`,
            },
          ]
        : []),
      { action: 'remove-rows', label: `Remove the ${many(rows, 'row')}` },
    ],
  };
}

export function leaksFinding(groups: Groups, facets: Facets): Finding {
  if (groups.length === 0) return good('leaks', 'No text stands in more than one split.');
  const pairs = new Map<string, number>();
  for (const rows of groups) {
    const splits = [...new Set(rows.map((row) => facets.splits[row - 1]!))].filter((split) => split !== -1);
    const key = list(splits.sort((a, b) => a - b).map((split) => `"${facets.splitNames[split]!}"`));
    pairs.set(key, (pairs.get(key) ?? 0) + 1);
  }
  const worst = [...pairs].sort((a, b) => b[1] - a[1]).slice(0, 5);
  const removed = planRemoveLeaks(groups, facets).drop.size;
  const moved = planSplitTogether(groups, facets).splits.size;
  return {
    code: 'leaks',
    weight: 'error',
    message: `${many(groups.length, 'text stands', 'texts stand')} in more than one split (${many(rowsIn(groups), 'row')}).`,
    detail: `${list(worst.map(([splits, n]) => `${number(n)} in ${splits}`))}. What was trained on is measured too high.`,
    rows: rowsIn(groups),
    repairs: [
      { action: 'split-together', label: `Move equal texts to one split (${many(moved, 'row')})` },
      { action: 'remove-leaks', label: `Remove from train (${many(removed, 'row')})` },
    ],
  };
}

export function emptyFinding(rows: readonly number[]): Finding {
  if (rows.length === 0) return good('empty-texts', 'Every row has a text.');
  return {
    code: 'empty-texts',
    weight: 'warning',
    message: `${many(rows.length, 'row has', 'rows have')} no text.`,
    detail: null,
    rows: rows.length,
    repairs: [{ action: 'remove-rows', label: `Remove ${rows.length === 1 ? 'it' : 'them'}` }],
  };
}

export function oddFinding(odd: ReadonlyMap<Oddity, readonly number[]>): Finding {
  const rows = [...odd.values()].reduce((sum, found) => sum + found.length, 0);
  if (rows === 0) {
    return good(
      'odd-rows',
      `No text has control characters, signs of a wrong encoding or over ${LONG_BYTES / 1000} kB.`,
    );
  }
  const kinds = [...odd].map(([kind, found]) => `${number(found.length)} ${ODDITY_WORDS[kind]}`);
  return {
    code: 'odd-rows',
    weight: 'warning',
    message: `${many(rows, 'row looks', 'rows look')} odd.`,
    detail: `${list(kinds)}.`,
    rows,
    repairs: [{ action: 'remove-rows', label: `Remove ${rows === 1 ? 'it' : 'them'}` }],
  };
}
