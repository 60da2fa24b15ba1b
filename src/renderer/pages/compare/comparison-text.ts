import type { Comparison, Interval, RunFigures } from '../../../shared/contract/compare.ts';
import { csvField, markdownCell, markdownText } from '../../../shared/quoting.ts';
import { textOfValue } from '../experiments/field-text.ts';

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
    markdownText(comparison.verdict),
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
