import path from 'node:path';
import type { TrainConfig } from '../../../shared/settings/train-config.ts';
import type { Names } from '../../../shared/tasks/task.ts';
import { fault } from '../../../shared/faults/index.ts';
import { exampleOptions, readChosenExamples, readExamples, type Example } from '../data/examples.ts';
import { selectRows, stratifiedSplit } from '../data/selection.ts';
import type { EncodedText } from '../models/batch.ts';
import type { EngineTask } from '../tasks/task.ts';
import type { TextTokenizer } from '../tokenizer/text-tokenizer.ts';

/** Rows of one split as they were read, with what is to be learnt of each. */
export interface TargetRows<Target = unknown> {
  file: string;
  examples: readonly Example[];
  targets: readonly Target[];
}

export interface PreparedData<Target = unknown> {
  /** Of the head's outputs. */
  names: Names;
  train: TargetRows<Target>;
  eval: TargetRows<Target> | null;
  notes: string[];
}

/**
 * Reads, selects and splits the rows of a config and settles what is learnt of them. `head`: the names of the
 * checkpoint's own head, if it has one. Throws `data/…` and `files/…`.
 */
export async function prepareData<Target>(
  task: EngineTask<Target>,
  config: TrainConfig,
  baseDir: string,
  head: Names | null,
): Promise<PreparedData<Target>> {
  const { data } = config;
  const options = exampleOptions(data);
  const read = async (source: string, select: typeof data.train_select) => {
    const found = path.resolve(baseDir, source);
    const chosen =
      select && (await readChosenExamples(found, options, (rows) => selectRows(rows, select, source)));
    const rows = chosen ?? (await readExamples(found, options));
    const values = chosen?.labels ?? rows.examples.map(({ label }) => label!);
    return { ...rows, found, source, file: path.basename(found), values };
  };
  const train = await read(data.train, data.train_select);
  const other = data.eval === null ? null : await read(data.eval, data.eval_select);
  const column = train.columns.label ?? data.label_column;
  const { targets, ...learnt } = task.learn({ ...train, column }, head);
  const matched = other && learnt.read({ ...other, column });
  const notes = [...train.notes, ...learnt.odd, ...(other?.notes ?? []), learnt.note, matched?.note].filter(
    (note) => typeof note === 'string',
  );
  const all: TargetRows<Target> = { file: train.found, examples: train.examples, targets };
  const { names } = learnt;
  if (data.split === null) {
    const evaluated = other && { file: other.found, examples: other.examples, targets: matched!.targets };
    return { names, train: all, eval: evaluated, notes };
  }
  const parts = stratifiedSplit(task.strata(targets), {
    testSize: data.split.test_size,
    seed: data.split.seed,
  });
  return { names, train: rowsAt(all, parts.train), eval: rowsAt(all, parts.test), notes };
}

export const rowsAt = <Target>(
  { file, examples, targets }: TargetRows<Target>,
  places: ArrayLike<number>,
): TargetRows<Target> => ({
  file,
  examples: Array.from(places, (row) => examples[row]!),
  targets: Array.from(places, (row) => targets[row]!),
});

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
