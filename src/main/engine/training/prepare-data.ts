import path from 'node:path';
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

/** Token ids of examples; rows that hold ids already are only cut. `truncated` counts the texts that lost tokens. */
export async function encodeExamples(
  examples: readonly Example[],
  tokenizer: TextTokenizer,
  maxLength: number,
  padding: 'longest' | 'max_length',
): Promise<{ texts: EncodedText[]; truncated: number }> {
  const encoded = await tokenizer.encode(
    examples.map(({ text, textPair }) => ({ text, ...(textPair === undefined ? {} : { textPair }) })),
    { maxLength, padding: padding === 'max_length' ? 'max_length' : 'none' },
  );
  let truncated = 0;
  const texts = encoded.map((ids, i): EncodedText => {
    const { inputIds: given, tokenTypeIds: types } = examples[i]!;
    if (given) {
      if (given.length > maxLength) truncated++;
      return {
        inputIds: Int32Array.from(given.slice(0, maxLength)),
        ...(types ? { tokenTypeIds: Int32Array.from(types.slice(0, maxLength)) } : {}),
      };
    }
    if (ids.truncated) truncated++;
    // Without padding every token is real, and the mask says nothing.
    return {
      inputIds: ids.inputIds,
      ...(ids.tokenTypeIds ? { tokenTypeIds: ids.tokenTypeIds } : {}),
      ...(padding === 'max_length' ? { attentionMask: ids.attentionMask } : {}),
    };
  });
  return { texts, truncated };
}
