import type { ExperimentSpec, PreflightFinding } from '../../../../shared/contract/experiments.ts';
import { readLabelColumn } from '../../../../shared/label-column.ts';
import type { LengthSummary, RowSummary } from '../rows/row-summary.ts';
import { finding, names, worded } from './finding.ts';

/** From this share of the largest class on, accuracy says little. */
const lopsided = 0.8;
/** Fewer rows than these teach a class little. */
const fewRows = 8;
/** From this share on, texts that are cut are worth a warning. */
const manyCut = 0.05;

const setAside = { split: { test_size: 0.2, seed: 42 } };

/** What the rows of an experiment say before it runs. */
export function dataFindings(
  summary: RowSummary,
  spec: ExperimentSpec,
  datasetId: string,
): PreflightFinding[] {
  return [
    ...classFindings(summary, spec),
    ...labelFindings(summary, datasetId),
    ...evaluationFindings(summary),
    ...repeatFindings(summary, datasetId),
  ];
}

/** What keeps the engine from starting: no rows, one class, a class that is evaluated and never seen; and rare ones. */
function classFindings(
  { train, eval: evaluated, labels }: RowSummary,
  spec: ExperimentSpec,
): PreflightFinding[] {
  if (train.rows === 0) {
    const patch = { data: { trainSplit: null, trainSelect: null } };
    return [finding('no-train-rows', 'error', {}, { label: 'Train on all rows', patch })];
  }
  const found: PreflightFinding[] = [];
  if (labels.length === 1) found.push(finding('one-class', 'error', { label: labels[0]! }));
  const unseen = (evaluated?.labels ?? []).filter(({ name }) => !labels.includes(name));
  if (unseen.length > 0) {
    const list = names(unseen.map(({ name }) => name));
    const rows = unseen.reduce((sum, { rows }) => sum + rows, 0);
    const patch = { data: { trainSelect: null } };
    found.push(finding('unseen-class', 'error', { list, rows }, { label: 'Take all training rows', patch }));
  }
  if (labels.length < 2) return found;
  const sorted = [...train.labels].sort((a, b) => b.rows - a.rows);
  const share = sorted[0]!.rows / train.rows;
  if (share >= lopsided) {
    const isWeighted = spec.training['class_weights'] != null;
    const repair = { label: 'Balance the classes', patch: { training: { class_weights: 'balanced' } } };
    const figures = { share, label: sorted[0]!.name };
    found.push(
      isWeighted ? finding('imbalance', 'info', figures) : finding('imbalance', 'warning', figures, repair),
    );
  }
  const rare = sorted.filter(({ rows }) => rows < fewRows).map(({ name, rows }) => `${name} (${rows})`);
  if (rare.length > 0) found.push(finding('rare-classes', 'warning', { list: names(rare), few: fewRows }));
  return found;
}

/** What stands out in the labels as a column of values; the map that mends it is made where they are imported. */
function labelFindings({ train }: RowSummary, datasetId: string): PreflightFinding[] {
  const counts = train.labels.map(({ name, rows }) => ({ value: name, rows }));
  const repair = { label: 'Import again with a label map', link: `/data/import?dataset=${datasetId}` };
  return readLabelColumn(counts, 'label')
    .observations.filter(({ weight }) => weight !== 'info')
    .map(({ code, weight, message, remedy }) => worded(`labels-${code}`, weight, message, remedy, repair));
}

function evaluationFindings({ train, eval: evaluated }: RowSummary): PreflightFinding[] {
  if (!evaluated)
    return [finding('no-eval-rows', 'warning', {}, { label: 'Set 20 % aside', patch: { data: setAside } })];
  const { rows } = evaluated;
  if (rows === 0) {
    const patch = { data: { evalSplit: null, evalSelect: null, ...setAside } };
    return [finding('empty-eval-split', 'error', {}, { label: 'Set 20 % aside', patch })];
  }
  return rows < 100 && train.rows > rows ? [finding('few-eval-rows', 'info', { rows, each: 1 / rows })] : [];
}

function repeatFindings(
  { train, eval: evaluated, leaked, repeated }: RowSummary,
  datasetId: string,
): PreflightFinding[] {
  const found: PreflightFinding[] = [];
  const repair = { label: 'Look at the report', link: `/data/${datasetId}/report` };
  if (evaluated && leaked > 0) {
    const share = leaked / evaluated.rows;
    const figures = { rows: leaked, of: evaluated.rows, share };
    found.push(finding('leaks', share > 0.01 ? 'warning' : 'info', figures, repair));
  }
  const share = repeated / Math.max(1, train.rows);
  if (share > 0.02) found.push(finding('duplicates', 'info', { rows: repeated, share }, repair));
  return found;
}

/** Lengths against the place where texts are cut. `limit`: what the model takes. */
export function lengthFindings(
  { lengths, of }: LengthSummary,
  spec: ExperimentSpec,
  limit: number,
): PreflightFinding[] {
  const { maxLength: asked, padding } = spec.data;
  const found: PreflightFinding[] = [];
  if (asked !== null && asked > limit) {
    const repair = { label: `Set ${limit}`, patch: { data: { maxLength: limit } } };
    found.push(finding('max-length', 'warning', { limit, asked }, repair));
  }
  const counted = lengths.length;
  if (counted === 0) return found;
  const cut = Math.min(asked ?? limit, limit);
  const longer = lengths.filter((length) => length > cut).length;
  const share = longer / counted;
  const longest = lengths.at(-1)!;
  if (longer > 0) {
    const better = Math.min(limit, Math.ceil(lengths[Math.floor(0.99 * (counted - 1))]! / 8) * 8);
    const rows = counted < of ? '' : ` (${longer.toLocaleString('en')} ${longer === 1 ? 'row' : 'rows'})`;
    const figures = { about: counted < of ? 'About ' : '', share, rows, cut, longest, counted, of };
    const repair = { label: `Cut at ${better} instead`, patch: { data: { maxLength: better } } };
    const weight = share >= manyCut ? 'warning' : 'info';
    found.push(finding('truncation', weight, figures, better > cut ? repair : undefined));
  } else if (counted < of) found.push(finding('truncation/none-counted', 'good', { cut, counted, of }));
  else found.push(finding('truncation/none', 'good', { cut, longest }));
  const mean = lengths.reduce((sum, length) => sum + Math.min(length, cut), 0) / counted;
  if (padding === 'max_length' && cut / mean > 1.3) {
    const repair = { label: 'Pad to the longest', patch: { data: { padding: 'longest' } } };
    found.push(finding('padding', 'warning', { cut, mean: Math.round(mean) }, repair));
  }
  return found;
}
