import type { ExperimentSpec, PreflightFinding } from '../../../../shared/contract/experiments.ts';
import { readLabelColumn } from '../../../../shared/label-column.ts';
import type { LengthFacts, RowFacts } from '../rows/row-facts.ts';
import { finding, names, number, percent } from './finding.ts';

/** From this share of the largest class on, accuracy says little. */
const lopsided = 0.8;
/** Fewer rows than these teach a class little. */
const fewRows = 8;

/** What the rows of an experiment say before it runs. */
export function dataFindings(facts: RowFacts, spec: ExperimentSpec, datasetId: string): PreflightFinding[] {
  return [
    ...classFindings(facts),
    ...labelFindings(facts, datasetId),
    ...balanceFindings(facts, spec),
    ...evaluationFindings(facts),
    ...duplicateFindings(facts, datasetId),
  ];
}

/** What keeps the engine from starting: no rows, one class, a class that is evaluated and never seen. */
function classFindings({ train, eval: evaluated, labels }: RowFacts): PreflightFinding[] {
  if (train.rows === 0) {
    return [
      finding('no-train-rows', 'error', 'There are no rows to train on.', {
        detail: 'Choose another split, or all rows.',
        repair: { label: 'Train on all rows', patch: { data: { trainSplit: null, trainSelect: null } } },
      }),
    ];
  }
  const found: PreflightFinding[] = [];
  if (labels.length === 1) {
    found.push(
      finding('one-class', 'error', `Every training row has the label ${labels[0]!}.`, {
        detail: 'A classifier needs two classes at least. Choose other rows, or another label column.',
      }),
    );
  }
  const unseen = (evaluated?.labels ?? []).filter(({ name }) => !labels.includes(name));
  if (unseen.length > 0) {
    const list = names(unseen.map(({ name }) => name));
    const rows = unseen.reduce((sum, one) => sum + one.rows, 0);
    found.push(
      finding('unseen-class', 'error', `No training row has the label ${list}.`, {
        detail: `${number(rows)} evaluation rows have it. Take more training rows, or leave these out.`,
        repair: { label: 'Take all training rows', patch: { data: { trainSelect: null } } },
      }),
    );
  }
  return found;
}

/** What stands out in the labels as a column of values; the map that mends it is made where they are imported. */
function labelFindings({ train }: RowFacts, datasetId: string): PreflightFinding[] {
  const counts = train.labels.map(({ name, rows }) => ({ value: name, rows }));
  const { observations } = readLabelColumn(counts, 'label');
  return observations
    .filter(({ weight }) => weight !== 'info')
    .map(({ code, weight, message, remedy }) =>
      finding(`labels-${code}`, weight, message, {
        detail: remedy,
        repair: { label: 'Import again with a label map', link: `/data/import?dataset=${datasetId}` },
      }),
    );
}

function balanceFindings({ train, labels }: RowFacts, spec: ExperimentSpec): PreflightFinding[] {
  if (labels.length < 2 || train.rows === 0) return [];
  const found: PreflightFinding[] = [];
  const sorted = [...train.labels].sort((a, b) => b.rows - a.rows);
  const [largest] = sorted;
  const share = largest!.rows / train.rows;
  const weighted = spec.training['class_weights'] != null;
  if (share >= lopsided) {
    found.push(
      finding(
        'imbalance',
        weighted ? 'info' : 'warning',
        `${percent(share)} of the training rows are ${largest!.name}: always answering it is right that often.`,
        {
          detail: 'Judge by macro F1. Balanced class weights raise the recall of rare classes.',
          ...(weighted
            ? {}
            : {
                repair: { label: 'Balance the classes', patch: { training: { class_weights: 'balanced' } } },
              }),
        },
      ),
    );
  }
  const rare = sorted.filter(({ rows }) => rows < fewRows);
  if (rare.length > 0) {
    const list = names(rare.map(({ name, rows }) => `${name} (${rows})`));
    found.push(
      finding('rare-classes', 'warning', `Few training rows: ${list}.`, {
        detail: `Below ${fewRows} rows a class is hardly learnt, and its figures mean little.`,
      }),
    );
  }
  return found;
}

function evaluationFindings({ train, eval: evaluated }: RowFacts): PreflightFinding[] {
  if (!evaluated) {
    return [
      finding('no-eval-rows', 'warning', 'No rows are evaluated: nothing will say how good the adapter is.', {
        detail: 'Setting a fifth of the training rows aside is usual.',
        repair: { label: 'Set 20 % aside', patch: { data: { split: { test_size: 0.2, seed: 42 } } } },
      }),
    ];
  }
  if (evaluated.rows === 0) {
    return [
      finding('empty-eval-split', 'error', 'The evaluation split has no rows.', {
        detail: 'Choose another split, or set training rows aside.',
        repair: {
          label: 'Set 20 % aside',
          patch: { data: { evalSplit: null, evalSelect: null, split: { test_size: 0.2, seed: 42 } } },
        },
      }),
    ];
  }
  if (evaluated.rows < 100 && train.rows > evaluated.rows) {
    return [
      finding('few-eval-rows', 'info', `Only ${evaluated.rows} rows are evaluated.`, {
        detail: `One row more or less right changes the accuracy by ${(100 / evaluated.rows).toFixed(1)} points.`,
      }),
    ];
  }
  return [];
}

function duplicateFindings(
  { train, eval: evaluated, leaked, repeated }: RowFacts,
  datasetId: string,
): PreflightFinding[] {
  const found: PreflightFinding[] = [];
  const repair = { label: 'Look at the report', link: `/data/${datasetId}/report` };
  if (evaluated && leaked > 0) {
    const share = leaked / evaluated.rows;
    found.push(
      finding(
        'leaks',
        share > 0.01 ? 'warning' : 'info',
        `${number(leaked)} of ${number(evaluated.rows)} evaluation rows are among the training rows too (${percent(share)}).`,
        { detail: 'They were seen in training: the metrics look better than they are.', repair },
      ),
    );
  }
  if (repeated / Math.max(1, train.rows) > 0.02) {
    found.push(
      finding(
        'duplicates',
        'info',
        `${number(repeated)} training rows repeat a text of another one (${percent(repeated / train.rows)}).`,
        { detail: 'Repeated texts weigh more than others.', repair },
      ),
    );
  }
  return found;
}

/** From this share on, texts that are cut are worth a warning. */
const manyCut = 0.05;

/** Lengths against the place where texts are cut. `limit`: what the model takes. */
export function lengthFindings(
  { lengths, of }: LengthFacts,
  spec: ExperimentSpec,
  limit: number,
): PreflightFinding[] {
  const asked = spec.data.maxLength;
  const found: PreflightFinding[] = [];
  if (asked !== null && asked > limit) {
    found.push(
      finding('max-length', 'warning', `The model takes ${limit} tokens, not ${asked}.`, {
        detail: `Texts are cut at ${limit}.`,
        repair: { label: `Set ${limit}`, patch: { data: { maxLength: limit } } },
      }),
    );
  }
  if (lengths.length === 0) return found;
  const cut = Math.min(asked ?? limit, limit);
  const longer = lengths.filter((length) => length > cut).length;
  const share = longer / lengths.length;
  const about = lengths.length < of ? 'About ' : '';
  const longest = lengths.at(-1)!;
  if (longer > 0) {
    const better = Math.min(limit, Math.ceil(lengths[Math.floor(0.99 * (lengths.length - 1))]! / 8) * 8);
    const rows = about ? '' : ` (${number(longer)} ${longer === 1 ? 'row' : 'rows'})`;
    found.push(
      finding(
        'truncation',
        share >= manyCut ? 'warning' : 'info',
        `${about}${percent(share)} of the texts${rows} are cut at ${cut} tokens.`,
        {
          detail: `The longest of those looked at has ${number(longest)} tokens. Counted on ${number(lengths.length)} of ${number(of)} training rows.`,
          ...(better > cut
            ? { repair: { label: `Cut at ${better} instead`, patch: { data: { maxLength: better } } } }
            : {}),
        },
      ),
    );
  } else {
    const detail = about
      ? `Counted on ${number(lengths.length)} of ${number(of)} training rows.`
      : `The longest has ${number(longest)} tokens.`;
    found.push(
      finding('truncation', 'good', `No text${about ? ' looked at' : ''} is cut at ${cut} tokens.`, {
        detail,
      }),
    );
  }
  if (spec.data.padding === 'max_length') {
    const mean = lengths.reduce((sum, length) => sum + Math.min(length, cut), 0) / lengths.length;
    if (cut / mean > 1.3) {
      found.push(
        finding(
          'padding',
          'warning',
          `Every text is padded to ${cut} tokens; they have about ${Math.round(mean)}.`,
          {
            detail:
              'The results are the same with padding to the longest text of a batch, in a fraction of the time.',
            repair: { label: 'Pad to the longest', patch: { data: { padding: 'longest' } } },
          },
        ),
      );
    }
  }
  return found;
}
