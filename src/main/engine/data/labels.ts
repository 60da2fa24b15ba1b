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
 * A map over classes in this order. A value is found by its exact name, then regardless of case where that is
 * unambiguous, then, among names such as LABEL_0, by its number.
 */
export function labelMap(names: readonly string[]): LabelMap {
  const exact = new Map(names.map((name, id) => [name, id]));
  const folded = new Map<string, number | undefined>();
  for (const [id, name] of names.entries()) {
    const key = name.toLowerCase();
    folded.set(key, folded.has(key) ? undefined : id);
  }
  return {
    names: [...names],
    idOf(value) {
      const name = String(value);
      return exact.get(name) ?? folded.get(name.toLowerCase()) ?? exact.get(`LABEL_${name}`);
    },
  };
}

/**
 * The classes that occur in a column: numbers in numerical order ("1", "2", "4", "5" get 0 to 3), else names by code
 * point, as `ClassLabel` of datasets sorts them.
 */
export function buildLabelMap(values: Iterable<string | number>): LabelMap {
  const names = [...new Set(Array.from(values, String))];
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
