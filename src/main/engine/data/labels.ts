import { fault } from '../../../shared/faults/index.ts';

/** The classes of a task: the id of each is its place. */
export interface LabelMap {
  readonly names: readonly string[];
  /** The id of a label as a data file writes it; undefined for one outside the map. */
  idOf(value: string | number): number | undefined;
}

/** A label where a data file has it. */
export interface LabelledRow {
  row: number;
  line?: number;
  label?: string | number;
}

/**
 * A map over classes in this order. A value is found by its exact name, then without spaces around it, then regardless
 * of case where that is unambiguous, then, among names such as LABEL_0, by its number, then as the number that it is
 * ("1.0" among "1").
 */
export function labelMap(names: readonly string[]): LabelMap {
  const exact = new Map(names.map((name, id) => [name, id]));
  const folded = new Map<string, number | undefined>();
  for (const [id, name] of names.entries()) {
    const key = name.trim().toLowerCase();
    folded.set(key, folded.has(key) ? undefined : id);
  }
  return {
    names: [...names],
    idOf(value) {
      const name = String(value);
      const trimmed = name.trim();
      const known = exact.get(name) ?? exact.get(trimmed) ?? folded.get(trimmed.toLowerCase());
      if (known !== undefined || trimmed === '') return known;
      const [, numbered] = /^LABEL_(\d+)$/.exec(trimmed) ?? [];
      const number = Number(numbered ?? trimmed);
      const plain = Number.isSafeInteger(number) ? String(number) : trimmed;
      return exact.get(`LABEL_${plain}`) ?? exact.get(plain);
    },
  };
}

/**
 * How the labels of other rows are found among known classes: by name; else, where every value is a whole number (or
 * LABEL_n) and no class is itself a number, as the ids of the classes. `trained`: names of which such numbers are ids,
 * where those are not the classes themselves; `file`: names that the file of the values gives to its own class numbers.
 * Ids from 1 among names with digits ("1 star") stay unknown: they may be either.
 */
export function matchLabels(
  values: Iterable<string | number>,
  labels: LabelMap,
  names: { trained?: readonly string[] | undefined; file?: readonly string[] | undefined } = {},
): LabelMap & { note: string | null } {
  const distinct = [...new Set(Array.from(values, String))];
  const own = { names: labels.names, idOf: (value: string | number) => labels.idOf(value), note: null };
  if (distinct.length === 0 || distinct.every((value) => labels.idOf(value) !== undefined)) return own;
  const { trained: classNames = labels.names, file = [] } = names;
  const indices = new Map(file.map((name, index) => [name, String(index)]));
  const byIndex = (value: string | number) => labels.idOf(indices.get(String(value)) ?? '');
  if (distinct.every((value) => byIndex(value) !== undefined)) {
    const note =
      "The file's names of classes are not the model's, which are numbers: each is taken by its place.";
    return { names: labels.names, idOf: byIndex, note };
  }
  const idOf = (value: string | number): number | undefined => {
    const [, digits] = /^\s*(?:LABEL_)?(\d+)(?:\.0+)?\s*$/.exec(String(value)) ?? [];
    const name = digits === undefined ? undefined : classNames[Number(digits)];
    return name === undefined ? undefined : labels.idOf(name);
  };
  if (distinct.some((value) => idOf(value) === undefined || labels.idOf(value) !== undefined)) return own;
  const isNumber = (name: string) => name.trim() !== '' && Number.isFinite(Number(name));
  const fromZero = distinct.some((value) => Number(value) === 0 || value.startsWith('LABEL_'));
  if (classNames.some(isNumber) || (!fromZero && classNames.some((name) => /\d/.test(name)))) return own;
  const shown = distinct.slice(0, 6).map((value) => `${value} = ${labels.names[idOf(value)!]!}`);
  const note = `The labels are numbers and are taken as the ids of the classes: ${shown.join(', ')}${distinct.length > 6 ? ', …' : ''}.`;
  return { names: labels.names, idOf, note };
}

/**
 * The classes that occur in a column: in the order of `classNames`, which a file may give; else numbers in numerical
 * order ("1", "2", "4", "5" get 0 to 3), else names by code point, as `ClassLabel` of datasets sorts them.
 */
export function buildLabelMap(
  values: Iterable<string | number>,
  classNames: readonly string[] = [],
): LabelMap {
  const names = [...new Set(Array.from(values, String))];
  if (classNames.length > 0 && names.every((name) => classNames.includes(name))) {
    return labelMap(classNames.filter((name) => names.includes(name)));
  }
  const numeric = names.every((name) => name.trim() !== '' && Number.isFinite(Number(name)));
  return labelMap(
    names.sort(numeric ? (a, b) => Number(a) - Number(b) || compareCodePoints(a, b) : compareCodePoints),
  );
}

/** JavaScript compares UTF-16 units, Python code points: UTF-8 bytes sort as code points do. */
function compareCodePoints(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/**
 * The class ids of labelled rows. Throws `data/unknown-label` for a label outside the map; `file` and `column` name the
 * place in messages, and a row without a label is `data/empty-label`.
 */
export function encodeLabels(
  rows: readonly LabelledRow[],
  labels: LabelMap,
  { file, column }: { file: string; column: string },
): Int32Array {
  return Int32Array.from(rows, ({ row, line, label }) => {
    if (label === undefined) throw fault('data/empty-label', { file, row, line, column });
    const id = labels.idOf(label);
    if (id === undefined) {
      throw fault('data/unknown-label', { file, row, line, value: String(label), known: labels.names });
    }
    return id;
  });
}

/** Throws `data/one-class` when the training rows have one class only, `data/empty-class` when one has no row. */
export function requireEveryClass(ids: Int32Array, labels: LabelMap, file: string): void {
  const seen = new Set(ids);
  if (seen.size === 1) throw fault('data/one-class', { file, label: labels.names[ids[0]!]! });
  const empty = labels.names.find((_, id) => !seen.has(id));
  if (empty !== undefined) throw fault('data/empty-class', { file, label: empty, classes: labels.names });
}
