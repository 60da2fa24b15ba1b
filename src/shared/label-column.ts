import type { LabelCount, LabelMapping, LabelObservation, LabelReading } from './contract/datasets.ts';

/** Words that pandas, spreadsheets and databases write where there is no value. */
const NO_VALUE = /^(nan|none|null|nil|n\/a|#n\/a|na|<na>|nat|undefined|unlabell?ed)?$/i;
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
/** Rows below which a column of nothing but different values may still be classes. */
const FEW_ROWS = 8;
const MANY_NUMBERS = 30;
const NAMED = 4;
const SEPARATORS = [',', ';', '|'] as const;

/** A cell as the text that label maps and classes are named by; empty for none. Lists and objects as JSON. */
export function labelText(value: unknown): string {
  if (value == null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value);
  return JSON.stringify(value);
}

/** The class that a value becomes by a map; null: no label. Keys are found exactly, then without spaces around. */
export function mappedLabel(value: string, map: LabelMapping): string | null {
  if (Object.hasOwn(map, value)) return map[value]!;
  const trimmed = value.trim();
  if (Object.hasOwn(map, trimmed)) return map[trimmed]!;
  return trimmed === '' ? null : value;
}

/**
 * Looks at the values of a label column, each with its rows. `known`: classes that exist already, whose spelling wins.
 * The one source for import, pre-flight and command line.
 */
export function readLabelColumn(counts: readonly LabelCount[], column: string): LabelReading {
  const filled = counts.filter(({ value }) => value.trim() !== '');
  const rows = filled.reduce((sum, { rows }) => sum + rows, 0);
  const read = filled.map((each) => ({ ...each, ...readValue(each.value) }));
  const target = spelling(read);
  const proposed: LabelMapping = {};
  for (const each of read) {
    const made =
      each.several || each.name === null ? each.name : (target.get(foldedKey(each.name)) ?? each.name);
    if (!each.several && made !== each.value) proposed[each.value] = made;
  }
  const observations: LabelObservation[] = [];
  const observe = (
    code: LabelObservation['code'],
    weight: LabelObservation['weight'],
    of: readonly LabelCount[],
    words: { message: string; remedy: string },
  ): void => {
    if (of.length > 0) observations.push({ code, weight, ...words, rows: sumOf(of) });
  };
  const by = (kind: (typeof read)[number]['kind']) =>
    read.filter((each) => each.kind === kind && !each.several);

  const several = read.filter((each) => each.several);
  observe('several', 'error', several, {
    message: `${rowsText(several)} of column "${column}" hold several labels: ${shown(several)}.`,
    remedy: 'A classifier here learns one class a row. Keep one label a row, or map each value to a class.',
  });
  const json = by('json');
  observe('json', 'error', json, {
    message: `${rowsText(json)} of column "${column}" hold their label inside JSON: ${shown(json)}.`,
    remedy: madeText(json, proposed),
  });
  const missing = read.filter((each) => each.name === null);
  observe('no-label', 'warning', missing, {
    message: `${shown(missing)} in column "${column}" ${missing.length === 1 ? 'is a word' : 'are words'} for no value (${rowsText(missing)}).`,
    remedy: 'Such rows would be taken as rows without a label, not as a class.',
  });
  const spaced = by('spaces');
  observe('spaces', 'warning', spaced, {
    message: `Spaces make classes of their own in column "${column}": ${shown(spaced)} (${rowsText(spaced)}).`,
    remedy: madeText(spaced, proposed),
  });
  const numbers = by('number');
  observe('written-numbers', 'warning', numbers, {
    message: `${shown(numbers)} in column "${column}" ${numbers.length === 1 ? 'is another spelling of a whole number' : 'are other spellings of whole numbers'} (${rowsText(numbers)}).`,
    remedy: madeText(numbers, proposed),
  });
  const recased = read.filter(
    ({ value, kind, name }) => kind === 'plain' && name !== null && (proposed[value] ?? value) !== value,
  );
  observe('case', 'warning', recased, {
    message: `${shown(recased)} in column "${column}" differ${recased.length === 1 ? 's' : ''} from another label only in capitals or spelling (${rowsText(recased)}).`,
    remedy: madeText(recased, proposed),
  });

  const classes = classesOf(filled, proposed);
  const joined = joinedLabels(classes);
  if (joined !== null && several.length === 0) {
    observe('several', 'warning', joined.values, {
      message: `${rowsText(joined.values)} of column "${column}" look like lists of labels, parted by "${joined.separator}": ${shown(joined.values)}.`,
      remedy:
        'As they are, each list is a class of its own. Keep one label a row, or map each list to a class.',
    });
  }
  const numeric = classes.length > 0 && classes.every(({ value }) => NUMBER.test(value));
  const fractions = classes.filter(({ value }) => numeric && !Number.isInteger(Number(value)));
  if (fractions.length > 0 && rows >= FEW_ROWS && classes.length * 2 > rows) {
    observe('quantity', 'error', fractions, {
      message: `Column "${column}" holds ${classes.length} different numbers in ${rows} rows (${shown(fractions)}): a quantity, not classes.`,
      remedy:
        'Predicting a number is regression, which is not there yet. Choose a column of classes, or map ranges of the numbers to classes.',
    });
  } else if (rows >= FEW_ROWS && classes.length === rows) {
    observe('each-row', 'error', classes, {
      message: `Column "${column}" holds another value in each of ${rows} rows (${shown(classes)}): nothing can be learned from it.`,
      remedy: 'It looks like an id or a text. Choose the column with the classes.',
    });
  } else if (numeric && classes.length > MANY_NUMBERS) {
    observe('quantity', 'warning', classes, {
      message: `Column "${column}" holds ${classes.length} different numbers, as a quantity does.`,
      remedy:
        'Each would be a class that has nothing to do with the next. Map ranges of the numbers to fewer classes.',
    });
  } else {
    const rare = classes.filter((each) => each.rows === 1);
    observe('rare', 'info', rows >= FEW_ROWS ? rare : [], {
      message: `${rare.length === 1 ? 'One class of' : `${rare.length} classes of`} column "${column}" ${rare.length === 1 ? 'has' : 'have'} one row only: ${shown(rare)}.`,
      remedy: 'One row can be trained on or evaluated, not both. Add rows, or merge it with another class.',
    });
  }
  return { observations, proposed };
}

interface ReadValue {
  kind: 'plain' | 'spaces' | 'number' | 'json';
  /** Null: no label. */
  name: string | null;
  several: boolean;
}

function readValue(value: string): ReadValue {
  const inner = jsonLabels(value);
  if (inner !== null) {
    const [only = null] = inner;
    return { kind: 'json', name: only === null ? null : readValue(only).name, several: inner.length > 1 };
  }
  const name = value
    .normalize('NFC')
    .replace(/[\s\u200b\ufeff]+/gu, ' ')
    .trim();
  if (NO_VALUE.test(name)) return { kind: 'plain', name: null, several: false };
  if (NUMBER.test(name)) {
    const number = Number(name);
    const text = Number.isSafeInteger(number) ? String(Object.is(number, -0) ? 0 : number) : name;
    if (text !== name) return { kind: 'number', name: text, several: false };
  }
  return { kind: name === value ? 'plain' : 'spaces', name, several: false };
}

/** The labels in a cell that holds JSON (a list, or Label Studio's `choices`) or Python's list; null: it holds none. */
function jsonLabels(value: string): string[] | null {
  const text = value.trim();
  if (!/^[[{][^]*[\]}]$/.test(text) || text.length > 10_000) return null;
  for (const candidate of [text, text.replaceAll("'", '"')]) {
    let parsed: unknown;
    try {
      parsed = JSON.parse(candidate);
    } catch {
      continue;
    }
    return labelsIn(parsed);
  }
  return null;
}

/** Beyond `levels` there are none: a cell may nest deeper than the stack goes. */
function labelsIn(value: unknown, levels = 16): string[] {
  if (levels === 0) return [];
  if (Array.isArray(value)) return [...new Set(value.flatMap((item) => labelsIn(item, levels - 1)))];
  if (typeof value === 'object' && value !== null) {
    const { choices, label, labels } = value as Record<string, unknown>;
    return labelsIn(choices ?? labels ?? label ?? Object.values(value), levels - 1);
  }
  const text = labelText(value);
  return text.trim() === '' ? [] : [text];
}

const foldedKey = (name: string): string => name.toLowerCase();

/** Of names that differ in case only, the one with the most rows; the first of equals. */
function spelling(read: readonly (LabelCount & ReadValue)[]): Map<string, string> {
  const rows = new Map<string, number>();
  for (const { name, several, rows: n } of read) {
    if (name !== null && !several) rows.set(name, (rows.get(name) ?? 0) + n);
  }
  const best = new Map<string, string>();
  for (const [name, n] of rows) {
    const before = best.get(foldedKey(name));
    if (before === undefined || n > rows.get(before)!) best.set(foldedKey(name), name);
  }
  return best;
}

/** The classes of a column once a map is applied, with their rows, in the order in which they come. */
export function classesOf(counts: readonly LabelCount[], map: LabelMapping): LabelCount[] {
  const rows = new Map<string, number>();
  for (const each of counts) {
    const name = mappedLabel(each.value, map);
    if (name !== null) rows.set(name, (rows.get(name) ?? 0) + each.rows);
  }
  return Array.from(rows, ([value, n]) => ({ value, rows: n }));
}

/** Values such as "a,b" whose parts are labels of other rows too. */
function joinedLabels(classes: readonly LabelCount[]): { separator: string; values: LabelCount[] } | null {
  for (const separator of SEPARATORS) {
    const lists = classes.filter(({ value }) => value.includes(separator));
    if (lists.length < 2) continue;
    const partsOf = ({ value }: LabelCount) => value.split(separator).map((part) => part.trim());
    const seen = new Map<string, number>();
    for (const each of classes)
      for (const part of new Set(partsOf(each))) seen.set(part, (seen.get(part) ?? 0) + 1);
    const values = lists.filter((each) => partsOf(each).every((part) => part !== '' && seen.get(part)! > 1));
    if (values.length >= 2) return { separator, values };
  }
  return null;
}

const sumOf = (counts: readonly LabelCount[]) => counts.reduce((sum, { rows }) => sum + rows, 0);
const count = (n: number) => n.toLocaleString('en-US');
const rowsText = (counts: readonly LabelCount[]) => {
  const n = sumOf(counts);
  return `${count(n)} ${n === 1 ? 'row' : 'rows'}`;
};
const quoted = (value: string) => `"${value.length > 60 ? `${value.slice(0, 60)}…` : value}"`;

function shown(counts: readonly LabelCount[]): string {
  const first = counts.slice(0, NAMED).map(({ value }) => quoted(value));
  return first.join(', ') + (counts.length > NAMED ? ` and ${count(counts.length - NAMED)} more` : '');
}

/** `"0.0" would become "0", "1.0" "1".` */
function madeText(counts: readonly LabelCount[], map: LabelMapping): string {
  return `Read as labels: ${mapText(
    map,
    counts.map(({ value }) => value),
  )}.`;
}

/** A map in words, merged values together: `"1", "2" → "negative"; "nan" → no label`. */
export function mapText(map: LabelMapping, values: readonly string[] = Object.keys(map)): string {
  const into = new Map<string | null, string[]>();
  for (const value of values) {
    const name = mappedLabel(value, map);
    into.set(name, [...(into.get(name) ?? []), value]);
  }
  const parts = Array.from(into, ([name, from]) => {
    const more = from.length > NAMED ? ` and ${count(from.length - NAMED)} more` : '';
    return `${from.slice(0, NAMED).map(quoted).join(', ')}${more} → ${name === null ? 'no label' : quoted(name)}`;
  });
  return parts.slice(0, 12).join('; ') + (parts.length > 12 ? `; and ${count(parts.length - 12)} more` : '');
}
