import type { Comparison, Interval, RunFigures } from '../../../shared/contract/compare.ts';
import { csvField, markdownCell, markdownText } from '../../../shared/quoting.ts';
import { verdictText } from '../../../shared/statistics/verdict.ts';
import { count, counted, percent } from '../../format.ts';
import { textOfValue } from '../../forms/field-text.ts';
import type { Entry } from './comparison-entries.ts';

/** The comparison as rows of plain values, the head first; `digits`: as many as a number keeps that is not whole. */
function comparisonTable({ runs, baselineId, differences }: Comparison, digits: number): string[][] {
  const plain = (value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(digits)) : value;
  const interval = (name: string, of: (run: RunFigures) => Interval | null | undefined) =>
    (['value', 'low', 'high'] as const).map((part): [string, (run: RunFigures) => unknown] => [
      part === 'value' ? name : `${name} ${part}`,
      (run) => of(run)?.[part],
    ]);
  const columns: [string, (run: RunFigures, at: number) => unknown][] = [
    ['experiment', ({ experiment }) => experiment.name],
    ['id', ({ experiment }) => experiment.id],
    ['state', ({ experiment }) => experiment.state],
    ['baseline', ({ experiment }) => (experiment.id === baselineId ? 'yes' : '')],
    ['data', ({ experiment }) => experiment.dataName],
    ['model', ({ experiment }) => experiment.modelName],
    ['method', ({ experiment }) => experiment.method],
    ['seed', ({ experiment }) => experiment.seed],
    ['eval rows', ({ rows }) => rows],
    ...interval('accuracy', (run) => run.accuracy),
    ...interval('macro F1', (run) => run.macroF1),
    ['MCC', ({ experiment }) => experiment.metrics?.['mcc']],
    ...interval('accuracy difference in points', (run) => run.against?.accuracy.points),
    ['accuracy difference p', ({ against }) => against?.accuracy.p],
    ['accuracy difference shown', ({ against }) => against && (against.accuracy.shown ? 'yes' : 'no')],
    ...interval('macro F1 difference in points', (run) => run.against?.macroF1.points),
    ['macro F1 difference p', ({ against }) => against?.macroF1.p],
    ['macro F1 difference shown', ({ against }) => against && (against.macroF1.shown ? 'yes' : 'no')],
    ['not compared because', ({ reason }) => reason],
    ['trained parameters', ({ experiment }) => experiment.trainable],
    ['seconds', ({ experiment }) => experiment.trainSeconds],
    ['peak memory in MB', ({ experiment }) => experiment.peakMemoryMb],
    ['adapter in bytes', ({ adapterBytes }) => adapterBytes],
    ...differences.map(({ path, values }): [string, (run: RunFigures, at: number) => unknown] => [
      path,
      (_, at) => values[at],
    ]),
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
