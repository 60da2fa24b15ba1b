import type { Comparison, Interval, RunFigures } from '../../../shared/contract.ts';
import { csvField, markdownCell, markdownText } from '../../../shared/quoting.ts';
import { verdictText } from '../../../shared/statistics/verdict.ts';
import { count, counted, percent } from '../../format.ts';
import { textOfValue } from '../../forms/field-text.ts';
import { judgesOf, type Entry } from './comparison-entries.ts';

type Column = [name: string, of: (run: RunFigures, at: number) => unknown];

/** The comparison as rows of plain values, the head first; `digits`: as many as a number keeps that is not whole. */
function comparisonTable(comparison: Comparison, digits: number): string[][] {
  const { runs, baselineId, differences } = comparison;
  const judges = judgesOf(comparison);
  const plain = (value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(digits)) : value;
  const interval = (name: string, of: (run: RunFigures) => Interval | null | undefined) =>
    (['value', 'low', 'high'] as const).map((part): Column => [
      part === 'value' ? name : `${name} ${part}`,
      (run) => of(run)?.[part],
    ]);
  const columns: Column[] = [
    ['experiment', ({ experiment }) => experiment.name],
    ['id', ({ experiment }) => experiment.id],
    ['state', ({ experiment }) => experiment.state],
    ['baseline', ({ experiment }) => (experiment.id === baselineId ? 'yes' : '')],
    ['data', ({ experiment }) => experiment.dataName],
    ['model', ({ experiment }) => experiment.modelName],
    ['method', ({ experiment }) => experiment.method],
    ['seed', ({ experiment }) => experiment.seed],
    ['eval rows', ({ rows }) => rows],
    ...judges.flatMap(({ key, name }) => interval(name, (run) => run.metrics[key])),
    ['MCC', ({ experiment }) => experiment.metrics?.['mcc']],
    ...judges.flatMap(({ key, name, share }): Column[] => [
      ...interval(`${name} difference${share ? ' in points' : ''}`, ({ against }) => against?.[key]?.points),
      [`${name} difference p`, ({ against }) => against?.[key]?.p],
      [`${name} difference shown`, ({ against }) => against?.[key] && (against[key].shown ? 'yes' : 'no')],
    ]),
    ['not compared because', ({ reason }) => reason],
    ['trained parameters', ({ experiment }) => experiment.trainable],
    ['seconds', ({ experiment }) => experiment.trainSeconds],
    ['peak memory in MB', ({ experiment }) => experiment.peakMemoryMb],
    ['adapter in bytes', ({ adapterBytes }) => adapterBytes],
    ...differences.map(({ path, values }): Column => [path, (_, at) => values[at]]),
  ];
  return [
    columns.map(([name]) => name),
    ...runs.map((run, at) => columns.map(([, of]) => textOfValue(plain(of(run, at))))),
  ];
}

/** The whole table as CSV (RFC 4180), with all digits that mean something. */
export const comparisonCsv = (comparison: Comparison): string =>
  comparisonTable(comparison, 12)
    .map((row) => `${row.map(csvField).join(',')}\r\n`)
    .join('');

/** The verdict, the warnings and the whole table as Markdown; columns without any value are left out. */
export function comparisonMarkdown(comparison: Comparison): string {
  const [head = [], ...rows] = comparisonTable(comparison, 5);
  const kept = head.map((_, at) => at).filter((at) => rows.some((row) => row[at] !== ''));
  const line = (cells: readonly string[]): string =>
    `| ${kept.map((at) => markdownCell(cells[at]!)).join(' | ')} |`;
  return [
    markdownText(verdictText(comparison)),
    '',
    ...comparison.warnings.flatMap((warning) => [`> ${markdownText(warning)}`, '']),
    line(head),
    `| ${kept.map(() => '---').join(' | ')} |`,
    ...rows.map(line),
    '',
    'Intervals are 95 % bootstrap intervals over texts, 2,000 resamples.',
    '',
  ].join('\n');
}

/** "1,000 evaluated rows of SMS Spam, the same for all · 2 seeds each · the majority class gives 86.6 %" */
export function comparisonBasis(
  { runs }: Comparison,
  entries: readonly Entry[],
  majority: number | null,
): string[] {
  const answered = runs.filter(({ rowsKey }) => rowsKey !== null);
  const same = new Set(answered.map(({ rowsKey }) => rowsKey)).size === 1;
  const seeds = new Set(entries.map(({ runs: { length } }) => length));
  const [each] = seeds;
  const basis: string[] = [];
  if (same) {
    const { rows, experiment } = answered[0]!;
    const all = answered.length === runs.length && runs.length > 1 ? ', the same for all' : '';
    basis.push(`${counted(rows, 'evaluated row')} of ${experiment.dataName}${all}`);
  }
  if (runs.length > 2) basis.push(`${count(runs.length)} experiments`);
  if (seeds.size === 1 && each! > 1) basis.push(`${count(each!)} seeds each`);
  if (same && majority !== null) basis.push(`the majority class gives ${percent(majority)}`);
  return basis;
}
