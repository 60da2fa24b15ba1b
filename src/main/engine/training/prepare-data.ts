import path from 'node:path';
import { fault } from '../../../shared/faults/index.ts';
import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import { readChosenExamples, readExamples, type Example } from '../data/examples.ts';
import { buildLabelMap, encodeLabels, requireEveryClass } from '../data/labels.ts';
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

interface ReadRows {
  file: string;
  /** Of every row of the file; the examples are those that were selected. */
  labelValues: (string | number)[];
  examples: Example[];
  notes: string[];
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
    const options = {
      textColumn: data.text_column,
      labelColumn: data.label_column,
      ...(data.text_pair_column === null ? {} : { textPairColumn: data.text_pair_column }),
      ...(data.column_names === null ? {} : { columnNames: data.column_names }),
    };
    if (select) {
      const chosen = await readChosenExamples(found, options, (rows) => selectRows(rows, select, file));
      return { file: found, labelValues: chosen.labels, examples: chosen.examples, notes: chosen.notes };
    }
    const { examples, notes } = await readExamples(found, options);
    return { file: found, labelValues: examples.map(({ label }) => label!), examples, notes };
  };
  const train = await read(data.train, data.train_select);
  const other = data.eval === null ? null : await read(data.eval, data.eval_select);
  const labels = settleLabels(buildLabelMap(train.labelValues), head);
  const notes = [...train.notes, ...(other?.notes ?? []), ...(labels.note === null ? [] : [labels.note])];
  const labelled = ({ file, examples }: { file: string; examples: readonly Example[] }): LabelledRows => ({
    file,
    examples,
    labels: Array.from(
      encodeLabels(examples, labels, { file: path.basename(file), column: data.label_column }),
    ),
  });
  requireEveryClass(
    encodeLabels(train.examples, labels, { file: train.file, column: data.label_column }),
    labels,
    data.train,
  );
  if (data.split === null) return { labels, train: labelled(train), eval: other && labelled(other), notes };
  const all = labelled(train);
  const parts = stratifiedSplit(all.labels, { testSize: data.split.test_size, seed: data.split.seed });
  const take = (rows: ArrayLike<number>): LabelledRows => ({
    file: all.file,
    examples: Array.from(rows, (row) => all.examples[row]!),
    labels: Array.from(rows, (row) => all.labels[row]!),
  });
  return { labels, train: take(parts.train), eval: take(parts.test), notes };
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
