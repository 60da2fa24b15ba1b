import path from 'node:path';
import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import type { LabelCount } from '../../../shared/contract/datasets.ts';
import { fault } from '../../../shared/faults/index.ts';
import { readLabelColumn } from '../../../shared/label-column.ts';
import {
  exampleOptions,
  readChosenExamples,
  readExamples,
  type Example,
  type ReadFile,
} from '../data/examples.ts';
import {
  buildLabelMap,
  encodeLabels,
  matchLabels,
  requireEveryClass,
  type LabelMap,
} from '../data/labels.ts';
import { selectRows, stratifiedSplit } from '../data/selection.ts';
import type { EncodedText } from '../models/batch.ts';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.ts';
import { settleLabels, type SettledLabels } from './labels.ts';

/** Labelled rows of one split as they were read. */
export interface LabelledRows {
  file: string;
  examples: readonly Example[];
  labels: readonly number[];
}

export interface PreparedData {
  labels: SettledLabels;
  train: LabelledRows;
  eval: LabelledRows | null;
  notes: string[];
}

interface ReadRows extends ReadFile {
  file: string;
  /** Of every row of the file; the examples are those that were selected. */
  labelValues: (string | number)[];
  examples: Example[];
}

/**
 * Reads, selects and splits the rows of a config and settles their labels. `head`: the labels of the checkpoint's own
 * head, if it has one. Throws `data/…` and `files/…`.
 */
export async function prepareData(
  config: TrainConfig,
  baseDir: string,
  head: readonly string[] | null,
): Promise<PreparedData> {
  const { data } = config;
  const read = async (file: string, select: typeof data.train_select): Promise<ReadRows> => {
    const found = path.resolve(baseDir, file);
    if (select) {
      const options = exampleOptions(data);
      const chosen = await readChosenExamples(found, options, (rows) => selectRows(rows, select, file));
      return { ...chosen, file: found, labelValues: chosen.labels };
    }
    const all = await readExamples(found, exampleOptions(data));
    return { ...all, file: found, labelValues: all.examples.map(({ label }) => label!) };
  };
  const train = await read(data.train, data.train_select);
  const other = data.eval === null ? null : await read(data.eval, data.eval_select);
  const column = train.columns.label ?? data.label_column;
  const odd = labelNotes(train.labelValues, column, data.train);
  const labels = settleLabels(buildLabelMap(train.labelValues, train.classNames), head);
  const labelled = (
    { file, examples }: Pick<ReadRows, 'file' | 'examples'>,
    known: LabelMap = labels,
  ): LabelledRows => ({
    file,
    examples,
    labels: Array.from(encodeLabels(examples, known, { file: path.basename(file), column })),
  });
  const all = labelled(train);
  requireEveryClass(Int32Array.from(all.labels), labels, data.train);
  const matched =
    other && matchLabels(other.labelValues, labels, { trained: train.classNames, file: other.classNames });
  const notes = [...train.notes, ...odd, ...(other?.notes ?? []), labels.note, matched?.note ?? null].filter(
    (note) => note !== null,
  );
  if (data.split === null) return { labels, train: all, eval: other && labelled(other, matched!), notes };
  const parts = stratifiedSplit(all.labels, { testSize: data.split.test_size, seed: data.split.seed });
  const take = (rows: ArrayLike<number>): LabelledRows => ({
    file: all.file,
    examples: Array.from(rows, (row) => all.examples[row]!),
    labels: Array.from(rows, (row) => all.labels[row]!),
  });
  return { labels, train: take(parts.train), eval: take(parts.test), notes };
}

/** What stands out in a label column, for the run's notes. Throws `data/label-column` where no classes can be made of it. */
function labelNotes(values: readonly (string | number)[], column: string, file: string): string[] {
  const { observations, proposed } = readLabelColumn(countLabels(values), column);
  const [refused] = observations.filter(({ weight }) => weight === 'error');
  const map = Object.keys(proposed).length > 0;
  if (refused) throw fault('data/label-column', { ...refused, file, map });
  return observations
    .filter(({ weight }) => weight === 'warning')
    .map(({ message, remedy }) => `${message} ${remedy}${map ? ` ${TO_FOLD}` : ''}`);
}

const TO_FOLD = 'To have it so: --label-map proposed, or data.label_map.';

/** Labels with their rows, in the order in which they come. */
function countLabels(values: Iterable<string | number>): LabelCount[] {
  const rows = new Map<string, number>();
  for (const value of values) rows.set(String(value), (rows.get(String(value)) ?? 0) + 1);
  return Array.from(rows, ([value, n]) => ({ value, rows: n }));
}

/**
 * Token ids of examples; rows that came tokenised are only cut. Each knows its row. `truncated` counts the texts that
 * lost tokens.
 */
export async function encodeExamples(
  examples: readonly Example[],
  tokenizer: TextTokenizer,
  maxLength: number,
  padding: 'longest' | 'max_length',
): Promise<{ texts: EncodedText[]; truncated: number }> {
  const untokenised = examples.filter(({ tokens }) => tokens === undefined);
  const encoded = (
    await tokenizer.encode(untokenised, {
      maxLength,
      padding: padding === 'max_length' ? 'max_length' : 'none',
    })
  ).values();
  let truncated = 0;
  const texts = examples.map(({ file, row, line, tokens }): EncodedText => {
    if (tokens) {
      if (tokens.inputIds.length > maxLength) truncated++;
      return tokens.inputIds.length > maxLength ? cutTokens(tokens, maxLength) : tokens;
    }
    const ids = encoded.next().value!;
    if (ids.truncated) truncated++;
    // Without padding every token is real, and the mask says nothing.
    return {
      inputIds: ids.inputIds,
      ...(ids.tokenTypeIds ? { tokenTypeIds: ids.tokenTypeIds } : {}),
      ...(padding === 'max_length' ? { attentionMask: ids.attentionMask } : {}),
      origin: { file, row, ...(line !== undefined && { line }), tokenised: false },
    };
  });
  return { texts, truncated };
}

/** Throws `data/input-ids` where nothing but padding would be left. */
function cutTokens(tokens: EncodedText, length: number): EncodedText {
  const { inputIds, tokenTypeIds, attentionMask, origin } = tokens;
  const mask = attentionMask?.subarray(0, length);
  if (origin && mask && !mask.includes(1)) {
    const reason = `is 0 for the first ${length} tokens, to which the row is cut`;
    throw fault('data/input-ids', { ...origin, column: 'attention_mask', reason });
  }
  return {
    inputIds: inputIds.subarray(0, length),
    ...(tokenTypeIds && { tokenTypeIds: tokenTypeIds.subarray(0, length) }),
    ...(mask && { attentionMask: mask }),
    ...(origin && { origin }),
  };
}
