import { createHash } from 'node:crypto';
import { z } from 'zod';
import { fault, type Fault } from '../../../shared/faults/index.ts';
import type { Names } from '../../../shared/tasks/task.ts';
import { bytesOf } from '../formats/dtype.ts';
import type { BaseModel } from '../models/base-model.ts';
import type { EncodedRows } from './evaluator.ts';
import type { EngineTask } from '../tasks/task.ts';
import type { TargetRows } from './prepare-data.ts';

const rowsSchema = z.strictObject({
  count: z.int().nonnegative(),
  /** SHA-256 of the rows as they were read and selected, and of what the model gets of them: ids and targets. */
  read: z.string(),
  encoded: z.string(),
});

/** What a run's numbers follow from beside its config, each as a digest of its content. */
export const runInputsSchema = z.strictObject({
  train: rowsSchema,
  eval: rowsSchema.nullable(),
  /** The configuration and the values of the base, newly initialised ones included. */
  model: z.string(),
});
export type RunInputs = z.infer<typeof runInputsSchema>;

/** Digests of one split; 650,000 reviews take about three seconds, their tokenising a minute. */
export function rowsDigest(
  task: EngineTask,
  { examples }: TargetRows,
  { texts, targets }: EncodedRows,
  names: Names,
): RunInputs['train'] {
  const read = createHash('sha256');
  for (const { file: _, row: __, line: ___, tokens: ____, ...content } of examples)
    read.update(`${JSON.stringify(content)}\n`);
  const encoded = createHash('sha256');
  encoded.update(JSON.stringify(names)).update(task.digest(targets));
  for (const { inputIds, tokenTypeIds, attentionMask } of texts) {
    // Lengths before contents: else two rows could share their tokens otherwise and digest alike.
    const lengths = [inputIds, tokenTypeIds, attentionMask].map((values) => values?.length ?? -1);
    encoded.update(bytesOf(Int32Array.from(lengths)));
    for (const values of [inputIds, tokenTypeIds, attentionMask]) if (values) encoded.update(bytesOf(values));
  }
  return { count: texts.length, read: read.digest('hex'), encoded: encoded.digest('hex') };
}

/** A base that digests what is read of it: each parameter is read once on the way into the graph. */
export function digesting(base: BaseModel): { base: BaseModel; digest: () => string } {
  const sums = new Map<string, string>();
  return {
    base: {
      ...base,
      async read(name) {
        const values = await base.read(name);
        sums.set(name, createHash('sha256').update(bytesOf(values)).digest('hex'));
        return values;
      },
    },
    digest: () =>
      createHash('sha256')
        .update(JSON.stringify([base.config, [...sums].sort(([a], [b]) => (a < b ? -1 : 1))]))
        .digest('hex'),
  };
}

export interface InputNames {
  train: string;
  eval: string | null;
  model: string;
}

/** The refusal to go on from the checkpoint in `folder`, which was made of other inputs; null where they are equal. */
export function otherInputs(
  folder: string,
  then: RunInputs,
  now: RunInputs,
  files: InputNames,
): Fault | null {
  const splits = [
    [files.train, then.train, now.train],
    [files.eval ?? files.train, then.eval, now.eval],
  ] as const;
  const different = splits.filter(([, a, b]) => a?.encoded !== b?.encoded);
  const rows = different.flatMap(([file, a, b]) =>
    a?.read === b?.read ? [] : [{ file, then: a?.count ?? 0, now: b?.count ?? 0 }],
  );
  // The same rows that give other ids were tokenised otherwise.
  const tokenizer = different.length > rows.length;
  const weights = then.model !== now.model;
  if (different.length === 0 && !weights) return null;
  return fault('training/other-inputs', { folder, rows, tokenizer, weights, model: files.model });
}
