import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { writeFileAtomic } from '../formats/atomic.ts';
import { bareEncoder, type BaseModel } from './base-model.ts';

/** What no longer holds of a model with a head of ours, or would change what other programs answer with it. */
const DROPPED = [
  // Where it was loaded from, and in which type it was stored then.
  ...['_name_or_path', 'torch_dtype', 'dtype'],
  // The head that it had: what is applied to its outputs, in transformers and sentence-transformers.
  ...['problem_type', 'function_to_apply', 'sentence_transformers', 'sbert_ce_default_activation_function'],
  ...['finetuning_task', 'task_specific_params', 'num_labels'],
  // Code of its own, and forms of output that pipelines do not read.
  ...['auto_map', 'return_dict', 'use_return_dict', 'torchscript', 'output_attentions'],
  'output_hidden_states',
];

/** config.json of a classifier that gives a text one of its labels, as transformers writes it. */
export function classifierConfig(base: BaseModel): Record<string, unknown> {
  return {
    ...kept(base),
    architectures: [base.tree.type],
    problem_type: 'single_label_classification',
  };
}

/** config.json of the encoder alone: nothing in it speaks of labels. */
export function encoderConfig(base: BaseModel): Record<string, unknown> {
  const { id2label, label2id, ...config } = kept(base);
  return { ...config, architectures: [bareEncoder(base).type] };
}

const kept = ({ raw }: BaseModel): Record<string, unknown> =>
  Object.fromEntries(Object.entries(raw).filter(([key]) => !DROPPED.includes(key)));

/**
 * Writes config.json. A whole number that has a point in the base's file keeps it: transformers 5 refuses a config with
 * `2` where its class wants a float. Throws `files/…`.
 */
export async function writeConfig(
  folder: string,
  { folder: base }: BaseModel,
  config: Readonly<Record<string, unknown>>,
): Promise<void> {
  // A base that was moved away meanwhile must not keep an adapter from being written.
  const own = await readFile(path.join(base, 'config.json'), 'utf8').catch(() => '');
  const floats = new Set(Array.from(own.matchAll(/"(\w+)"\s*:\s*-?\d+(?:\.|e)/gi), ([, key]) => key!));
  const text = JSON.stringify(config, null, 2).replace(
    /^( *"(\w+)": -?\d+)(?=,?$)/gm,
    (line: string, _: string, key: string) => (floats.has(key) ? `${line}.0` : line),
  );
  await writeFileAtomic(path.join(folder, 'config.json'), `${text}\n`);
}
