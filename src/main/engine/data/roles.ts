import type { ColumnRole } from '../../../shared/contract/datasets.ts';
import type { ColumnStats } from './column-stats.ts';

const TEXT_NAMES =
  /^(text|sentence|sentence1|review|comment|content|message|body|tweet|premise|question|question1|query|document|sms)$/i;
const PAIR_NAMES = /^(text_pair|text2|sentence2|question2|hypothesis|passage|answer|response)$/i;
const LABEL_NAMES =
  /^(label|labels|class|category|target|stars?|rating|score|sentiment|emotion|intent|topic|y|spam|gold)$/i;
const SPLIT_NAMES = /^(split|set|fold|subset|partition)$/i;
const SPLIT_VALUES = new Set([
  'train',
  'training',
  'test',
  'testing',
  'validation',
  'valid',
  'val',
  'dev',
  'eval',
  'rest',
  'unsupervised',
]);
const ID_NAMES = /^(id|idx|index|uid|guid|url|.*_id)$/i;
/** With more values than this a column is for no slices and, without the name of one, no label. */
const MOST_CLASSES = 200;

/** What each column was taken for: one text, one label where one is likely, perhaps a second text and a split. */
export function guessRoles(columns: readonly ColumnStats[]): Map<string, ColumnRole> {
  const roles = new Map<string, ColumnRole>();
  const left = () => columns.filter(({ name }) => !roles.has(name));
  const take = (role: ColumnRole, score: (column: ColumnStats) => number): void => {
    const scored = left().map((column) => ({ name: column.name, score: score(column) }));
    const best = scored.reduce<{ name: string; score: number } | null>(
      (a, b) => (b.score > 0 && b.score > (a?.score ?? 0) ? b : a),
      null,
    );
    if (best) roles.set(best.name, role);
  };
  take('split', (column) =>
    (SPLIT_NAMES.test(column.name) && column.distinct <= 20) || column.within(SPLIT_VALUES) ? 1 : 0,
  );
  take('text', textScore);
  take('label', labelScore);
  take('text_pair', (column) => (PAIR_NAMES.test(column.name) && !column.isNumeric ? 1 : 0));
  for (const { name, distinct, distinctShare } of left()) {
    const forSlices = !ID_NAMES.test(name) && distinct > 1 && distinct <= MOST_CLASSES && distinctShare < 0.5;
    roles.set(name, forSlices ? 'extra' : 'ignore');
  }
  return roles;
}

function textScore(column: ColumnStats): number {
  if (column.isNumeric || ID_NAMES.test(column.name) || PAIR_NAMES.test(column.name)) return 0;
  const named = TEXT_NAMES.test(column.name) ? 3 : 1;
  const labelled = LABEL_NAMES.test(column.name) ? 0.1 : 1;
  return named * labelled * Math.log1p(column.meanLength) * (0.2 + column.distinctShare);
}

function labelScore(column: ColumnStats): number {
  if (column.distinct === 0 || ID_NAMES.test(column.name) || PAIR_NAMES.test(column.name)) return 0;
  if (LABEL_NAMES.test(column.name)) return 10 - column.distinctShare;
  const likely = column.distinct > 1 && column.distinct <= MOST_CLASSES && column.meanLength <= 60;
  return likely ? 1 - column.distinctShare : 0;
}
