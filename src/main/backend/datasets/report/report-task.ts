import type { DatasetReport } from '../../../../shared/contract/datasets.ts';
import { countClasses, equalTexts, readFacets } from '../../../storage/versions/facets.ts';
import { writeFindings } from '../../../storage/versions/findings.ts';
import { versionWork, type VersionFile } from '../../../storage/versions/version-file.ts';
import type { Tell } from '../../../engine/threads/threads.ts';
import { NearDuplicates } from './near-duplicates.ts';
import {
  conflictsFinding,
  duplicatesFinding,
  emptyFinding,
  imbalanceFinding,
  labelsFinding,
  leaksFinding,
  nearDuplicatesFinding,
  oddFinding,
  oddityOf,
  rareClasses,
  rareFinding,
  type Oddity,
} from './findings.ts';

export interface ReportInput {
  file: string;
  /** Where the rows of the findings are written. */
  findings: string;
  /** Milliseconds for near-duplicates. */
  patience: number;
}

/** The part of a report that needs no tokenizer. */
export type BaseReport = Omit<DatasetReport, 'versionId' | 'lengths'>;

const TELL_ROWS = 5000;

/** Looks at every row of a version. Throws `datasets/file-…` and `store/disk-full`. */
export const reportTask = (input: ReportInput, tell: Tell): BaseReport =>
  versionWork(input.file, (version) => makeReport(version, input, tell));

function makeReport(version: VersionFile, { findings, patience }: ReportInput, tell: Tell): BaseReport {
  const facets = readFacets(version);
  const { rows, labels, splits, labelNames, splitNames } = facets;
  const classes = countClasses(facets);
  tell('Looking for equal texts', 0, rows);
  const equal = equalTexts(version);
  const distinct = rows - exactRepeats(version, equal);
  const conflicts = equal.filter((group) => differs(group, labels));
  const leaks = equal.filter((group) => differs(group, splits));
  const seen = lookAtTexts(version, equal, patience, tell);
  const rare = new Set(rareClasses(classes.labels));
  const rareRows = [...labels.keys()].filter((i) => rare.has(labels[i]!)).map((i) => i + 1);
  writeFindings(findings, {
    duplicates: equal,
    'near-duplicates': seen.near,
    'conflicting-labels': conflicts,
    leaks,
    'empty-texts': [seen.empty],
    'odd-rows': [...seen.odd.values()],
    'rare-classes': [rareRows],
  });
  const named = (counts: readonly number[]) => labelNames.map((name, i) => ({ name, rows: counts[i]! }));
  return {
    rows,
    distinctTexts: distinct,
    labels: named(classes.labels),
    splits: splitNames.map((name, i) => ({
      name,
      rows: splits.reduce((sum, split) => sum + Number(split === i), 0),
      labels: named(classes.splits[i]!),
    })),
    findings: [
      ...(splitNames.length > 1 ? [leaksFinding(leaks, facets)] : []),
      conflictsFinding(conflicts, facets),
      duplicatesFinding(equal, rows, distinct),
      nearDuplicatesFinding(seen.near, { texts: seen.looked, of: seen.texts }, facets),
      ...labelsFinding(labelNames, classes.labels),
      imbalanceFinding(labelNames, classes.labels),
      rareFinding(labelNames, classes.labels),
      emptyFinding(seen.empty),
      oddFinding(seen.odd),
    ],
  };
}

function differs(rows: readonly number[], places: Int32Array): boolean {
  const values = new Set(rows.map((row) => places[row - 1]).filter((place) => place !== -1));
  return values.size > 1;
}

/** How many rows repeat an earlier one character by character, the second text included. */
function exactRepeats(version: VersionFile, groups: readonly (readonly number[])[]): number {
  const textOf = version.textOf();
  const exact = (row: number) => textOf(row).join('\0');
  return groups.reduce((sum, rows) => sum + rows.length - new Set(rows.map(exact)).size, 0);
}

interface Seen {
  empty: number[];
  odd: Map<Oddity, number[]>;
  near: number[][];
  /** Different texts, and how many of them were compared. */
  texts: number;
  looked: number;
}

/** One pass over all texts. */
function lookAtTexts(
  version: VersionFile,
  equal: readonly (readonly number[])[],
  patience: number,
  tell: Tell,
): Seen {
  const { rows } = version;
  const repeats = new Uint8Array(rows + 1);
  for (const group of equal) for (const row of group.slice(1)) repeats[row] = 1;
  const texts = rows - repeats.reduce((sum, repeat) => sum + repeat, 0);
  const seen: Seen = { empty: [], odd: new Map(), near: [], texts, looked: 0 };
  const join = (text: string, pair: string | null) => (pair === null ? text : `${text}\n${pair}`);
  const textOf = version.textOf();
  const near = new NearDuplicates(texts, (row) => join(...textOf(row)));
  const until = performance.now() + patience;
  let row = 0;
  for (const [text, pair] of version.texts()) {
    row++;
    if (row % TELL_ROWS === 0) tell('Looking at texts', row, rows);
    if (text.trim() === '') seen.empty.push(row);
    const both = join(text, pair);
    const oddity = oddityOf(both);
    if (oddity !== null) {
      const found = seen.odd.get(oddity) ?? [];
      found.push(row);
      seen.odd.set(oddity, found);
    }
    if (repeats[row] === 0 && performance.now() < until) near.add(row, both);
  }
  return { ...seen, near: near.found(), looked: near.looked };
}
