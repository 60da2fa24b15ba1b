import { buildLabelMap } from '../../../engine/data/labels.ts';
import { selectRows, stratifiedSplit, type RowSelection } from '../../../engine/data/selection.ts';
import type { TextInput, TextTokenizer } from '../../../engine/tokenizer/text-tokenizer.ts';
import { readFacets } from '../../../storage/versions/facets.ts';
import { versionWork, type VersionFile } from '../../../storage/versions/version-file.ts';

interface Part {
  /** Null: rows of every split. */
  split: string | null;
  select: RowSelection | null;
}

/** What is asked of a data set version: which rows an experiment would train on and evaluate. */
export interface RowQuestion {
  /** The version's SQLite file. */
  file: string;
  train: Part;
  eval: Part | null;
  /** Training rows set aside where there is no evaluation split. */
  setAside: { test_size: number; seed: number } | null;
}

interface Side {
  rows: number;
  labels: { name: string; rows: number }[];
}

export interface RowSummary {
  /** Classes of the rows to train on before any are set aside, in the order that the engine gives them. */
  labels: string[];
  train: Side;
  eval: Side | null;
  /** Evaluation rows whose text is among the training rows. */
  leaked: number;
  /** Training rows whose text stands among them before. */
  repeated: number;
}

/** Counting rows of a large version and tokenising take longer than the backend's event loop may be held. */
export const tasks = {
  summary: () => (question: RowQuestion) =>
    versionWork(question.file, (version) => summarize(version, question)),
  lengths:
    () =>
    ({ question, folder }: { question: RowQuestion; folder: string }) =>
      versionWork(question.file, (version) => readLengths(version, question, folder)),
};

/** The rows of one part of a question, in the order in which an experiment gets them. Throws `data/select-count`. */
function chooseRows(version: VersionFile, { split, select }: Part): Uint32Array {
  const all = version.labelled(split);
  return pick(all, selectRows(all.length, select ?? {}, 'The data set'));
}

const pick = (rows: Uint32Array, indices: ArrayLike<number>): Uint32Array =>
  Uint32Array.from(indices, (index) => rows[index]!);

interface Parts {
  train: Uint32Array;
  eval: Uint32Array | null;
  labels: string[];
  /** Of every row of the version. */
  labelOf: (row: number) => number;
}

/** Counts and lengths are asked one after the other; of a large version the rows are read once. */
let last: { key: string; parts: Parts } | undefined;

function chosenParts(version: VersionFile, question: RowQuestion): Parts {
  const key = JSON.stringify(question);
  if (last?.key !== key) last = { key, parts: partsOf(version, question) };
  return last.parts;
}

/** Both parts as an experiment has them, rows set aside included. Throws `data/select-count`, `data/split-size`. */
function partsOf(version: VersionFile, question: RowQuestion): Parts {
  const { labels: all, labelNames: names } = readFacets(version);
  const labelOf = (row: number) => all[row - 1]!;
  const train = chooseRows(version, question.train);
  const seen = [...new Set(Array.from(train, labelOf))];
  const labels = [...buildLabelMap(seen.map((index) => names[index] ?? '')).names];
  if (question.eval) return { train, eval: chooseRows(version, question.eval), labels, labelOf };
  if (!question.setAside) return { train, eval: null, labels, labelOf };
  // The engine splits by class ids, whose order decides which rows are drawn.
  const idOf = new Map(labels.map((name, id) => [name, id]));
  const ids = Int32Array.from(train, (row) => idOf.get(names[labelOf(row)] ?? '') ?? 0);
  const { test_size: testSize, seed } = question.setAside;
  const parts = stratifiedSplit(ids, { testSize, seed });
  return { train: pick(train, parts.train), eval: pick(train, parts.test), labels, labelOf };
}

/** What a pre-flight says about the rows of an experiment. Throws as `chosenParts` does. */
function summarize(version: VersionFile, question: RowQuestion): RowSummary {
  const { train, eval: evaluated, labels, labelOf } = chosenParts(version, question);
  const hashes = version.textHashes();
  const seen = new Set(Array.from(train, (row) => hashes[row - 1]!));
  const side = (rows: Uint32Array): Side => {
    const counts = new Map<number, number>();
    for (const row of rows) counts.set(labelOf(row), (counts.get(labelOf(row)) ?? 0) + 1);
    const sorted = [...counts].sort(([a], [b]) => a - b);
    return {
      rows: rows.length,
      labels: sorted.map(([index, n]) => ({ name: version.labels[index] ?? '', rows: n })),
    };
  };
  return {
    labels,
    train: side(train),
    eval: evaluated && side(evaluated),
    leaked: (evaluated ?? new Uint32Array()).reduce(
      (sum, row) => sum + Number(seen.has(hashes[row - 1]!)),
      0,
    ),
    repeated: train.length - seen.size,
  };
}

/** Texts looked at for their length. */
const sampleRows = 2000;

export interface LengthSummary {
  /** Tokens of the texts looked at, special ones included, ascending. */
  lengths: number[];
  /** How many training rows there are. */
  of: number;
  /** The tokenizer's own limit. */
  modelMaxLength: number | null;
}

const tokenizers = new Map<string, Promise<TextTokenizer>>();

/** Token lengths of up to 2,000 training rows, evenly spread. Throws `tokenizer/…`. */
async function readLengths(
  version: VersionFile,
  question: RowQuestion,
  folder: string,
): Promise<LengthSummary> {
  const { train } = chosenParts(version, question);
  const textOf = version.textOf();
  const texts = Array.from(spread(train, sampleRows), (row): TextInput => {
    const [text, textPair] = textOf(row);
    return textPair === null ? { text } : { text, textPair };
  });
  const { loadTokenizer } = await import('../../../engine/tokenizer/load-tokenizer.ts');
  const held = tokenizers.get(folder) ?? loadTokenizer(folder);
  tokenizers.set(folder, held);
  held.catch(() => tokenizers.delete(folder));
  const tokenizer = await held;
  const lengths: number[] = [];
  await tokenizer.count(texts, (counted) => void lengths.push(...counted));
  lengths.sort((a, b) => a - b);
  return { lengths, of: train.length, modelMaxLength: tokenizer.modelMaxLength };
}

/** At most `most` of the rows, evenly spread over them. */
function spread(rows: Uint32Array, most: number): Uint32Array {
  if (rows.length <= most) return rows;
  return Uint32Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]!);
}
