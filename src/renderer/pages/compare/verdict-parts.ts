import type { Comparison } from '../../../shared/contract/compare.ts';
import { count, counted, percent } from '../../format.ts';
import type { Entry } from './comparison-entries.ts';

/** A piece of the verdict: a name in its colour, the size of the difference, its interval, or plain words. */
export interface VerdictPart {
  text: string;
  kind: 'plain' | 'name' | 'size' | 'aside';
  /** Of a name that stands for one entry; null: for several. */
  colour: number | null;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);

/** The sentence cut at the names of the runs, at "1.8 points" and at what stands in brackets behind it. */
export function verdictParts(
  sentence: string,
  entries: readonly Entry[],
  groups: Comparison['seedGroups'],
): VerdictPart[] {
  const colours = new Map<string, Set<number>>();
  const add = (name: string, colour: number): void => {
    if (name !== '') colours.set(name, (colours.get(name) ?? new Set()).add(colour));
  };
  for (const entry of entries) {
    for (const { figures } of entry.runs)
      add(figures.experiment.name, entry.runs.length > 1 ? entry.colour : entry.runs[0]!.colour);
    const group = groups.find(({ ids }) => ids.includes(entry.key));
    if (group) add(group.name, entry.colour);
  }
  // A name may be the start of another: the longest that fits is meant.
  const names = [...colours.keys()].sort((a, b) => b.length - a.length).map(escaped);
  const size = String.raw`[−+-]?\d+(?:[.,]\d+)? points?`;
  const aside = String.raw`\((?:95|p)[^()]*\)`;
  const pattern = new RegExp(`(${[...names, size, aside].join('|')})`, 'u');
  return sentence
    .split(pattern)
    .filter((text) => text !== '')
    .map((text): VerdictPart => {
      const found = colours.get(text);
      if (found) return { text, kind: 'name', colour: found.size === 1 ? [...found][0]! : null };
      if (new RegExp(`^${size}$`, 'u').test(text)) return { text, kind: 'size', colour: null };
      return { text, kind: new RegExp(`^${aside}$`, 'u').test(text) ? 'aside' : 'plain', colour: null };
    });
}

/** "1,000 evaluated rows of SMS Spam, the same for all · 2 seeds each · the majority class gives 86.6 %" */
export function comparisonFacts(
  { runs }: Comparison,
  entries: readonly Entry[],
  majority: number | null,
): string[] {
  const answered = runs.filter(({ rowsKey }) => rowsKey !== null);
  const same = new Set(answered.map(({ rowsKey }) => rowsKey)).size === 1;
  const seeds = new Set(entries.map(({ runs: { length } }) => length));
  const [each] = seeds;
  const facts: string[] = [];
  if (same) {
    const { rows, experiment } = answered[0]!;
    const all = answered.length === runs.length && runs.length > 1 ? ', the same for all' : '';
    facts.push(`${counted(rows, 'evaluated row')} of ${experiment.dataName}${all}`);
  }
  if (runs.length > 2) facts.push(`${count(runs.length)} experiments`);
  if (seeds.size === 1 && each! > 1) facts.push(`${count(each!)} seeds each`);
  if (same && majority !== null) facts.push(`the majority class gives ${percent(majority)}`);
  return facts;
}
