import type { ColumnRole, LabelCount } from '../../../shared/contract/datasets.ts';
import { labelText } from '../../../shared/label-column.ts';

/** Distinct values are counted up to here. */
const MOST_DISTINCT = 50_000;
const NAMED_ROWS = 5;

/** What is known of a column from the rows looked at. */
export class ColumnStats {
  readonly name: string;
  empty = 0;
  /** The first rows without a value. */
  readonly emptyRows: number[] = [];
  private readonly values = new Map<string, number>();
  /** Rows with a value. */
  filled = 0;
  private characters = 0;
  private numbers = 0;

  constructor(name: string) {
    this.name = name;
  }

  see(value: unknown, row: number): void {
    const text = labelText(value);
    if (text.trim() === '') {
      if (this.empty++ < NAMED_ROWS) this.emptyRows.push(row);
      return;
    }
    this.filled++;
    this.characters += text.length;
    if (Number.isFinite(Number(text))) this.numbers++;
    const rows = this.values.get(text);
    if (rows !== undefined || this.values.size < MOST_DISTINCT) this.values.set(text, (rows ?? 0) + 1);
  }

  get distinct(): number {
    return this.values.size;
  }

  get meanLength(): number {
    return this.filled === 0 ? 0 : this.characters / this.filled;
  }

  /** Of the rows with a value, how many have one of their own; 0 to 1. */
  get distinctShare(): number {
    return this.filled === 0 ? 0 : this.values.size / this.filled;
  }

  get isNumeric(): boolean {
    return this.filled > 0 && this.numbers === this.filled;
  }

  /** The first values with their rows, at most so many. */
  counts(most: number): LabelCount[] {
    return Array.from([...this.values].slice(0, most), ([value, rows]) => ({ value, rows }));
  }

  /** Whether every value is like this, spaces around it left out. */
  allLike(pattern: RegExp): boolean {
    return this.filled > 0 && [...this.values.keys()].every((value) => pattern.test(value.trim()));
  }
}

const TEXT_NAMES =
  /^(text|sentence|sentence1|review|comment|content|message|body|tweet|premise|question|question1|query|document|sms)$/i;
const PAIR_NAMES = /^(text_pair|text2|sentence2|question2|hypothesis|passage|answer|response)$/i;
const LABEL_NAMES =
  /^(label|labels|class|category|target|stars?|rating|score|sentiment|emotion|intent|topic|y|spam|gold)$/i;
const SPLIT_NAMES = /^(split|set|fold|subset|partition)$/i;
const SPLIT_VALUES = /^(train(ing)?|test(ing)?|val(id(ation)?)?|dev|eval|rest|unsupervised)$/i;
const ID_NAMES = /^(id|idx|index|uid|guid|url|.*_id)$/i;
/** With more values than this a column is for no slices and, without the name of one, no label. */
const MOST_CLASSES = 200;

/** What each column was taken for: one text, one label where one is likely, perhaps a second text and a split. */
export function guessRoles(columns: readonly ColumnStats[]): Map<string, ColumnRole> {
  const roles = new Map<string, ColumnRole>();
  const left = () => columns.filter(({ name }) => !roles.has(name));
  const take = (role: ColumnRole, score: (column: ColumnStats) => number): void => {
    let best: string | undefined;
    let highest = 0;
    for (const column of left()) {
      const own = score(column);
      if (own > highest) [best, highest] = [column.name, own];
    }
    if (best !== undefined) roles.set(best, role);
  };
  take('split', (column) =>
    (SPLIT_NAMES.test(column.name) && column.distinct <= 20) || column.allLike(SPLIT_VALUES) ? 1 : 0,
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
