import { existsSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { taskNamed } from '../../../shared/tasks/index.ts';
import type { Task } from '../../../shared/tasks/task.ts';
import { fault } from '../../../shared/faults/index.ts';
import { openExported } from '../export/exported-model.ts';
import { VERIFICATION_FILE } from '../export/verification.ts';
import { readJsonFile } from '../formats/json.ts';
import { readModelConfig } from '../formats/model-config.ts';
import { feedOf } from '../models/architectures.ts';
import { checkpointHead, otherHeadFault } from '../models/checkpoint-head.ts';
import { openPredictor } from '../predict.ts';
import { loadTokenizer } from '../tokenizer/load-tokenizer.ts';
import type { TextInput, TextTokenizer } from '../tokenizer/text-tokenizer.ts';
import type { AnswerSource } from './questions.ts';

/** A loaded model that answers texts and pairs. */
export interface Answerer {
  readonly task: Task;
  readonly labels: readonly string[];
  /** Texts are cut to this many tokens. */
  readonly maxLength: number;
  readonly tokenizer: TextTokenizer;
  /** The checkpoint and adapter that our own engine computes with; null where another program's format does. */
  readonly own: { model: string; adapter: string | undefined } | null;
  /** Logits [texts, labels], row-major, in the order given. */
  logits(texts: readonly TextInput[]): Promise<Float32Array>;
  close(): Promise<void>;
}

/** Loads what `source` names. Throws `export/base-needed`, `models/…`, `peft/…`, `files/…`. */
export async function openAnswerer(source: AnswerSource): Promise<Answerer> {
  if (source.kind === 'model')
    return openOwn(source.model, source.adapter ?? undefined, source.maxLength ?? undefined);
  const { folder, base } = source;
  const maxLength = await trainedLength(folder);
  if (existsSync(path.join(folder, 'adapter_config.json'))) {
    if (base === null) throw fault('export/base-needed', { folder, named: null });
    return openOwn(base, folder, maxLength);
  }
  const isForeign = existsSync(path.join(folder, 'onnx')) || existsSync(path.join(folder, 'saved_model.pb'));
  return isForeign ? openForeign(folder, maxLength) : openOwn(folder, undefined, maxLength);
}

async function openOwn(
  model: string,
  adapter: string | undefined,
  maxLength: number | undefined,
): Promise<Answerer> {
  const predictor = await openPredictor({
    model,
    adapter,
    maxLength,
    precision: 'fp32',
    head: 'sequence',
  });
  const { labelNames: labels, tokenizer } = predictor;
  return {
    task: predictor.task,
    labels,
    tokenizer,
    maxLength: predictor.maxLength,
    own: { model, adapter },
    logits: async (texts) =>
      predictor.logits(await tokenizer.encode(texts, { maxLength: predictor.maxLength })),
    close: () => Promise.resolve(predictor.close()),
  };
}

async function openForeign(folder: string, trained: number | undefined): Promise<Answerer> {
  const tokenizer = await loadTokenizer(folder);
  const config = await readModelConfig(folder);
  const head = checkpointHead(folder, config, null);
  if (head.kind === 'other') throw otherHeadFault(folder, head);
  const { maxTokens } = feedOf(config, path.join(folder, 'config.json'));
  const maxLength = trained ?? Math.min(maxTokens, tokenizer.modelMaxLength ?? Infinity);
  const model = await openExported(folder, maxLength);
  return {
    task: taskNamed(config.problem_type),
    labels: config.id2label,
    tokenizer,
    maxLength,
    own: null,
    logits: (texts) => model.logits(texts),
    close: () => model.close(),
  };
}

const lengthSchemas = {
  [VERIFICATION_FILE]: z.object({ max_length: z.number() }).transform((proof) => proof.max_length),
  'run.json': z
    .object({ data: z.object({ max_length: z.number() }) })
    .transform((run) => run.data.max_length),
};

/** Where texts were cut in training, as a proof or the run's own config says. */
async function trainedLength(folder: string): Promise<number | undefined> {
  for (const [name, schema] of Object.entries(lengthSchemas)) {
    const file = path.join(folder, name);
    const { data } = schema.safeParse(existsSync(file) ? await readJsonFile(file) : null);
    if (data !== undefined) return data;
  }
  return undefined;
}
