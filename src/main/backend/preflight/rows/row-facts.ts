import { z } from 'zod';
import { buildLabelMap } from '../../../engine/data/labels.ts';
import { selectRows, stratifiedSplit, type RowSelection } from '../../../engine/data/selection.ts';
import type { TextInput, TextTokenizer } from '../../../engine/tokenizer/text-tokenizer.ts';
import { openReadOnly, type Db } from '../../../storage/database.ts';

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

export interface RowFacts {
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
  facts: () => (question: RowQuestion) => withRows(question, (db) => readRowFacts(db, question)),
  lengths:
    () =>
    ({ question, folder }: { question: RowQuestion; folder: string }) =>
      withRows(question, (db) => readLengths(db, question, folder)),
};

async function withRows<Result>({ file }: RowQuestion, work: (db: Db) => Result): Promise<Awaited<Result>> {
  const db = openReadOnly(file);
  try {
    return await work(db);
  } finally {
    db.close();
  }
}

/** Places of rows in the version, in the order in which an experiment gets them. */
interface ChosenRows {
  /** Row numbers. */
  rows: Int32Array;
  labels: Int32Array;
  /** 52 bits of the hash of the text. */
  hashes: Float64Array;
}

/** The rows of one part of a question. Throws `data/select-count`. */
function chooseRows(db: Db, { split, select }: RowQuestion['train']): ChosenRows {
  const place =
    split === null ? null : db.prepare('SELECT place FROM splits WHERE name = ?').pluck().get(split);
  const where = split === null ? '' : 'AND split = ?';
  const query = db
    .prepare<unknown[], [number, number | null, number]>(
      `SELECT row, label, coalesce(text_hash & 4503599627370495, -row) FROM rows
       WHERE label IS NOT NULL ${where} ORDER BY row`,
    )
    .raw();
  const all = query.all(...(split === null ? [] : [place ?? -1]));
  const order = selectRows(all.length, select ?? {}, 'The data set');
  return {
    rows: Int32Array.from(order, (i) => all[i]![0]),
    labels: Int32Array.from(order, (i) => all[i]![1] ?? -1),
    hashes: Float64Array.from(order, (i) => all[i]![2]),
  };
}

/** Some of the rows, by their places. */
function pick(chosen: ChosenRows, places: ArrayLike<number>): ChosenRows {
  const take = Array.from(places);
  return {
    rows: Int32Array.from(take, (i) => chosen.rows[i]!),
    labels: Int32Array.from(take, (i) => chosen.labels[i]!),
    hashes: Float64Array.from(take, (i) => chosen.hashes[i]!),
  };
}

interface Parts {
  train: ChosenRows;
  eval: ChosenRows | null;
  labels: string[];
}

/** Counts and lengths are asked one after the other; of a large version the rows are read once. */
let last: { key: string; parts: Parts } | undefined;

function chosenParts(db: Db, question: RowQuestion): Parts {
  const key = JSON.stringify(question);
  if (last?.key !== key) last = { key, parts: partsOf(db, question) };
  return last.parts;
}

/** Both parts as an experiment has them, rows set aside included. Throws `data/select-count`, `data/split-size`. */
function partsOf(db: Db, question: RowQuestion): Parts {
  const names = z.array(z.string()).parse(db.prepare('SELECT name FROM labels ORDER BY place').pluck().all());
  const train = chooseRows(db, question.train);
  const labels = buildLabelMap([...new Set(train.labels)].map((place) => names[place] ?? '')).names;
  if (question.eval) return { train, eval: chooseRows(db, question.eval), labels: [...labels] };
  if (!question.setAside) return { train, eval: null, labels: [...labels] };
  // The engine splits by class ids, whose order decides which rows are drawn.
  const idOf = new Map(labels.map((name, id) => [name, id]));
  const ids = train.labels.map((place) => idOf.get(names[place] ?? '') ?? 0);
  const { test_size: testSize, seed } = question.setAside;
  const parts = stratifiedSplit(ids, { testSize, seed });
  return { train: pick(train, parts.train), eval: pick(train, parts.test), labels: [...labels] };
}

/** What a pre-flight says about the rows of an experiment. Throws as `chosenParts` does. */
function readRowFacts(db: Db, question: RowQuestion): RowFacts {
  const names = z.array(z.string()).parse(db.prepare('SELECT name FROM labels ORDER BY place').pluck().all());
  const { train, eval: evaluated, labels } = chosenParts(db, question);
  const seen = new Set(train.hashes);
  return {
    labels,
    train: { rows: train.rows.length, labels: countLabels(train, names) },
    eval: evaluated && { rows: evaluated.rows.length, labels: countLabels(evaluated, names) },
    leaked: evaluated ? evaluated.hashes.reduce((sum, hash) => sum + (seen.has(hash) ? 1 : 0), 0) : 0,
    repeated: train.rows.length - seen.size,
  };
}

function countLabels({ labels }: ChosenRows, names: readonly string[]): RowFacts['train']['labels'] {
  const rows = new Map<number, number>();
  for (const label of labels) rows.set(label, (rows.get(label) ?? 0) + 1);
  return [...rows].sort(([a], [b]) => a - b).map(([place, n]) => ({ name: names[place] ?? '', rows: n }));
}

/** Texts looked at for their length. */
const sampleRows = 2000;

export interface LengthFacts {
  /** Tokens of the texts looked at, special ones included, ascending. */
  lengths: number[];
  /** How many training rows there are. */
  of: number;
  /** The tokenizer's own limit. */
  modelMaxLength: number | null;
}

const tokenizers = new Map<string, Promise<TextTokenizer>>();

/** Token lengths of up to 2,000 training rows, evenly spread. Throws `tokenizer/…`. */
async function readLengths(db: Db, question: RowQuestion, folder: string): Promise<LengthFacts> {
  const { train } = chosenParts(db, question);
  const texts = textsOf(db, spread(train.rows, sampleRows));
  const { loadTokenizer } = await import('../../../engine/tokenizer/load-tokenizer.ts');
  const held = tokenizers.get(folder) ?? loadTokenizer(folder);
  tokenizers.set(folder, held);
  held.catch(() => tokenizers.delete(folder));
  const tokenizer = await held;
  const lengths: number[] = [];
  await tokenizer.count(texts, (counted) => void lengths.push(...counted));
  lengths.sort((a, b) => a - b);
  return { lengths, of: train.rows.length, modelMaxLength: tokenizer.modelMaxLength };
}

/** At most `most` of the rows, evenly spread over them. */
function spread(rows: Int32Array, most: number): Int32Array {
  if (rows.length <= most) return rows;
  return Int32Array.from({ length: most }, (_, i) => rows[Math.floor((i * rows.length) / most)]!);
}

function textsOf(db: Db, rows: Int32Array): TextInput[] {
  const read = db
    .prepare<[number], [string, string | null]>('SELECT text, text_pair FROM rows WHERE row = ?')
    .raw();
  return Array.from(rows, (row) => {
    const [text, textPair] = read.get(row)!;
    return textPair === null ? { text } : { text, textPair };
  });
}
